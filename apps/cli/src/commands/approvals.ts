import { approvalStates, type ApprovalState } from '@peta/contract'
import { Option, type Command } from 'commander'

import { asPerson, orAbsent } from '../command.ts'
import { table, when } from '../print.ts'
import { addDecidingCommands } from './decide.ts'
import { absentApproval, cardText } from './card-text.ts'

type ListOptions = Readonly<{ state?: ApprovalState; all?: true; cursor?: string }>

/** What waits for a person, and the person's answer. */
export function addApprovalCommands(program: Command): void {
  const approvals = program.command('approvals').description('calls that wait for a person')
  addReading(approvals)
  addDecidingCommands(approvals)
}

function addReading(approvals: Command): void {
  approvals
    .command('list')
    .description('list approvals, newest first; those that wait, unless --state or --all')
    .addOption(new Option('--state <state>', 'in this state').choices(approvalStates))
    .option('--all', 'in any state')
    .option('--cursor <cursor>', 'go on where a page ended')
    .action(
      asPerson<[ListOptions]>(async ({ peta, workspace, print }, { state, all, cursor }) => {
        const query = {
          ...(!all && { state: state ?? ('PENDING' as const) }),
          ...(cursor !== undefined && { cursor }),
        }
        const { items, next } = await peta.call('approvals.list', { params: { workspace }, query })
        const rows = items.map((a) => [
          a.code,
          a.state,
          a.agent,
          `${a.server}: ${a.name}`,
          when(a.decideBy),
        ])
        print.result(items, table(['CODE', 'STATE', 'AGENT', 'WANTS', 'DECIDE BY'], rows))
        if (next !== undefined) print.say(`There are more: add --cursor ${next}`)
      }),
    )
  approvals
    .command('show <approval>')
    .description('show everything that will run; an approval goes by its code or its id')
    .action(
      asPerson<[string]>(async ({ peta, workspace, print }, approval) => {
        const reading = peta.call('approvals.read', { params: { workspace, approval } })
        const card = await orAbsent(absentApproval(approval), reading)
        print.result(card, cardText(card))
      }),
    )
}
