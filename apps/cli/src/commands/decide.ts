import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, orAbsent, type Context } from '../command.ts'
import { confirm } from '../prompt.ts'
import { absentApproval, cardText, type Card } from './card-text.ts'

type ApproveOptions = Readonly<{ bind?: string; reason?: string; yes?: true }>
type DenyOptions = Readonly<{ reason: string; forPeople?: true }>
type Reasoned = Readonly<{ reason: string }>

/** A person's answer to an approval, and what may follow it. */
export function addDecidingCommands(approvals: Command): void {
  addVoting(approvals)
  addEnding(approvals)
  approvals
    .command('resolve <approval> <found>')
    .description('state what became of an unknown outcome: done or not-done')
    .requiredOption('--reason <text>', 'how you know')
    .action(
      asPerson<[string, string, Reasoned]>(async (context, approval, found, { reason }) => {
        const params = { workspace: context.workspace, approval }
        const body = { found: parseFound(found), reason }
        await end(context, approval, context.peta.call('approvals.resolve', { params, body }))
      }),
    )
}

function addVoting(approvals: Command): void {
  approvals
    .command('approve <approval>')
    .description('vote for exactly what is shown; at a terminal it asks first')
    .option('--yes', 'do not ask')
    .option('--bind <digest>', 'refuse unless this is what would run')
    .option('--reason <text>', 'why; kept with the vote')
    .action(
      asPerson<[string, ApproveOptions]>(async (context, approval, { bind, reason, yes }) => {
        const card = await showCard(context, approval)
        const isMeant = yes || bind !== undefined || (await confirm(`Approve ${card.code}?`))
        if (!isMeant) throw new CliError('Not approved; it still waits.')
        await vote(context, card, {
          vote: 'yes',
          bind: bind ?? card.bind,
          ...(reason && { reason }),
        })
      }),
    )
  approvals
    .command('deny <approval>')
    .description('vote against it')
    .requiredOption('--reason <text>', 'why; the agent is told')
    .option('--for-people', 'keep the reason from the agent')
    .action(
      asPerson<[string, DenyOptions]>(async (context, approval, { reason, forPeople }) => {
        const card = await showCard(context, approval)
        const reasonFor = forPeople ? 'people' : 'agent'
        await vote(context, card, { vote: 'no', bind: card.bind, reason, reasonFor })
      }),
    )
}

function addEnding(approvals: Command): void {
  approvals
    .command('revoke <approval>')
    .description('take an approval back before it runs')
    .requiredOption('--reason <text>', 'why')
    .action(
      asPerson<[string, Reasoned]>(async (context, approval, { reason }) => {
        const params = { workspace: context.workspace, approval }
        const revoking = context.peta.call('approvals.revoke', { params, body: { reason } })
        await end(context, approval, revoking)
      }),
    )
  approvals
    .command('withdraw <approval>')
    .description('withdraw a request of your own agent')
    .action(
      asPerson<[string]>(async (context, approval) => {
        const params = { workspace: context.workspace, approval }
        await end(context, approval, context.peta.call('approvals.withdraw', { params, body: {} }))
      }),
    )
}

async function showCard({ peta, workspace, print }: Context, approval: string): Promise<Card> {
  const reading = peta.call('approvals.read', { params: { workspace, approval } })
  const card = await orAbsent(absentApproval(approval), reading)
  print.say(cardText(card))
  return card
}

type Vote = Readonly<{
  vote: 'yes' | 'no'
  bind: string
  reason?: string
  reasonFor?: 'agent' | 'people'
}>

/** The vote is for the card that was shown and no later one. */
async function vote({ peta, workspace, print }: Context, card: Card, body: Vote): Promise<void> {
  const params = { workspace, approval: card.id }
  const voted = await peta.call('approvals.vote', { params, body })
  print.result(voted, `${voted.code} is ${voted.state}.`)
}

async function end({ print }: Context, approval: string, ending: Promise<Card>): Promise<void> {
  const card = await orAbsent(absentApproval(approval), ending)
  print.result(card, `${card.code} is ${card.state}.`)
}

function parseFound(text: string): 'done' | 'not_done' {
  if (text === 'done') return 'done'
  if (text === 'not-done') return 'not_done'
  throw new CliError('Say done or not-done.', { exitCode: 2 })
}
