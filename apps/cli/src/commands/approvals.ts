import type { RouteResponse } from '@peta/contract'
import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, type Context } from '../command.ts'
import { table, when } from '../print.ts'

type Card = RouteResponse<'approvals.read'>

/** What waits for a person, and the person's answer. */
export function addApprovalCommands(program: Command): void {
  const approvals = program.command('approvals').description('calls that wait for a person')
  addReading(approvals)
  addDeciding(approvals)
  addEnding(approvals)
}

function addReading(approvals: Command): void {
  approvals
    .command('list')
    .description('list approvals; those that wait, unless --state or --all')
    .option('--state <state>', 'such as APPROVED, COMPLETED, OUTCOME_UNKNOWN')
    .option('--all', 'in any state')
    .action(
      asPerson<[{ state?: string; all?: true }]>(async ({ peta, workspace, print }, options) => {
        const query = options.all ? {} : { state: options.state ?? 'PENDING' }
        const { items } = await peta.call('approvals.list', { params: { workspace }, query })
        const rows = items.map((a) => [
          a.code,
          a.state,
          a.agent,
          `${a.server}: ${a.name}`,
          when(a.decideBy),
        ])
        print.result(items, table(['CODE', 'STATE', 'AGENT', 'WANTS', 'DENIED AT'], rows))
      }),
    )
  approvals
    .command('show <approval>')
    .description('show everything that will run')
    .action(
      asPerson<[string]>(async ({ peta, workspace, print }, approval) => {
        const card = await peta.call('approvals.read', { params: { workspace, approval } })
        print.result(card, cardText(card))
      }),
    )
}

function addDeciding(approvals: Command): void {
  approvals
    .command('approve <approval>')
    .description('vote for exactly what "show" shows')
    .option('--bind <digest>', 'refuse unless this is what would run')
    .option('--comment <text>')
    .action(
      asPerson<[string, { bind?: string; comment?: string }]>(
        async (context, approval, options) => {
          await vote(context, approval, {
            vote: 'yes',
            bind: options.bind,
            reason: options.comment,
          })
        },
      ),
    )
  approvals
    .command('deny <approval>')
    .description('vote against it')
    .requiredOption('--reason <text>', 'why; the agent is told')
    .option('--for-people', 'keep the reason from the agent')
    .action(
      asPerson<[string, { reason: string; forPeople?: true }]>(
        async (context, approval, options) => {
          const reasonFor = options.forPeople ? ('people' as const) : ('agent' as const)
          await vote(context, approval, { vote: 'no', reason: options.reason, reasonFor })
        },
      ),
    )
}

function addEnding(approvals: Command): void {
  approvals
    .command('revoke <approval>')
    .description('take an approval back before it runs')
    .requiredOption('--reason <text>')
    .action(
      asPerson<[string, { reason: string }]>(
        async ({ peta, workspace, print }, approval, { reason }) => {
          const params = { workspace, approval }
          const card = await peta.call('approvals.revoke', { params, body: { reason } })
          print.result(card, `${card.code} is ${card.state}.`)
        },
      ),
    )
  approvals
    .command('withdraw <approval>')
    .description('withdraw a request of your own agent')
    .action(
      asPerson<[string]>(async ({ peta, workspace, print }, approval) => {
        const card = await peta.call('approvals.withdraw', {
          params: { workspace, approval },
          body: {},
        })
        print.result(card, `${card.code} is ${card.state}.`)
      }),
    )
  approvals
    .command('resolve <approval> <found>')
    .description('state what became of an unknown outcome: done or not-done')
    .requiredOption('--reason <text>', 'how you know')
    .action(
      asPerson<[string, string, { reason: string }]>(
        async ({ peta, workspace, print }, approval, found, { reason }) => {
          const body = { found: parseFound(found), reason }
          const card = await peta.call('approvals.resolve', {
            params: { workspace, approval },
            body,
          })
          print.result(card, `${card.code} is ${card.state}.`)
        },
      ),
    )
}

type Answer = Readonly<{
  vote: 'yes' | 'no'
  bind?: string | undefined
  reason?: string | undefined
  reasonFor?: 'agent' | 'people'
}>

/** Without `--bind` the card is read and shown first, and the vote is for that card and no later one. */
async function vote(
  { peta, workspace, print }: Context,
  approval: string,
  answer: Answer,
): Promise<void> {
  const params = { workspace, approval }
  const card = await peta.call('approvals.read', { params })
  print.say(cardText(card))
  const { bind = card.bind, reason, reasonFor } = answer
  const body = {
    vote: answer.vote,
    bind,
    ...(reason && { reason }),
    ...(reasonFor && { reasonFor }),
  }
  const voted = await peta.call('approvals.vote', { params, body })
  print.result(voted, `${voted.code} is ${voted.state}.`)
}

const cardText = (card: Card): string =>
  [
    `${card.code}  ${card.state}, denied at ${when(card.decideBy)}`,
    `${card.agent}${card.requester ? ` for ${card.requester}` : ''} wants: ${card.server} ${card.method} ${card.name}`,
    `labels ${card.labels.join(', ') || 'none'}, risk ${card.risk}, rules ${card.rules.join(', ')} (version ${card.policyVersion})`,
    `arguments ${JSON.stringify(card.arguments, undefined, 2)}`,
    `votes ${card.votes.map((v) => `${v.by}: ${v.vote}`).join(', ') || 'none'} of ${card.quorum} needed`,
    `bind ${card.bind}`,
  ].join('\n')

function parseFound(text: string): 'done' | 'not_done' {
  if (text === 'done') return 'done'
  if (text === 'not-done') return 'not_done'
  throw new CliError('Say done or not-done.', { exitCode: 2 })
}
