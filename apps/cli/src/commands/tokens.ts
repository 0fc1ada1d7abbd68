import { everyPage } from '@peta/sdk'
import type { Command } from 'commander'

import { asPerson, orAbsent, wholeNumber } from '../command.ts'
import { oneLine, table, when } from '../print.ts'
import { agentParams } from './agents.ts'

type IssueOptions = Readonly<{ life: number; profile?: string }>
type RotateOptions = Readonly<{ life?: number; overlap?: number }>

const HOUR_S = 3600

/** Tokens of agents. The token itself is printed once, to stdout, with nothing beside it. */
export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('tokens of agents: short-lived, shown once')
  token
    .command('issue <agent>')
    .description('issue a token; it is printed once, to stdout')
    .option('--life <seconds>', 'how long it works, 60 to 7776000', wholeNumber, HOUR_S)
    .option('--profile <profile>', 'the one profile that it works at (default: all)')
    .action(
      asPerson<[string, IssueOptions]>(async (context, name, { life, profile }) => {
        const params = await agentParams(context, name)
        const body = { lifeSeconds: life, ...(profile !== undefined && { profile }) }
        const issued = await context.peta.call('tokens.issue', { params, body })
        context.print.say(`Valid until ${when(issued.expiresAt)}. It will not be shown again.`)
        context.print.result(issued, issued.token)
      }),
    )
  token
    .command('list <agent>')
    .description('list tokens of an agent, without their secrets')
    .action(
      asPerson<[string]>(async (context, name) => {
        const params = await agentParams(context, name)
        const items = await everyPage((query) =>
          context.peta.call('tokens.list', { params, query }),
        )
        const rows = items.map((t) => [
          t.id,
          t.state,
          when(t.expiresAt),
          when(t.lastUsedAt),
          t.profile ?? '',
        ])
        const head = ['TOKEN', 'STATE', 'EXPIRES', 'LAST USED', 'PROFILE']
        context.print.result(items, table(head, rows))
      }),
    )
  addEnding(token)
}

function addEnding(token: Command): void {
  token
    .command('rotate <agent> <token>')
    .description('replace a token, given by its id, by a new one, printed once')
    .option('--life <seconds>', 'how long the new one works', wholeNumber)
    .option('--overlap <seconds>', 'how long the old one goes on working (default: 0)', wholeNumber)
    .action(
      asPerson<[string, string, RotateOptions]>(async (context, name, id, { life, overlap }) => {
        const params = { ...(await agentParams(context, name)), token: id }
        const body = {
          ...(life !== undefined && { lifeSeconds: life }),
          ...(overlap !== undefined && { overlapSeconds: overlap }),
        }
        const rotating = context.peta.call('tokens.rotate', { params, body })
        const issued = await orAbsent(described(name, id), rotating)
        context.print.say(`Valid until ${when(issued.expiresAt)}. It will not be shown again.`)
        context.print.result(issued, issued.token)
      }),
    )
  token
    .command('revoke <agent> <token>')
    .description('revoke a token, given by its id, at once')
    .action(
      asPerson<[string, string]>(async (context, name, id) => {
        const params = { ...(await agentParams(context, name)), token: id }
        await orAbsent(described(name, id), context.peta.call('tokens.revoke', { params }))
        context.print.result({ id, revoked: true }, 'Revoked.')
      }),
    )
}

/** What was given for an id may be the token itself, by mistake: it is not repeated. */
const described = (agent: string, id: string): string =>
  /^tok_[0-9a-f]+$/.test(id)
    ? `token ${id} of "${oneLine(agent)}". List them with: peta token list "${oneLine(agent)}"`
    : `token of "${oneLine(agent)}" with that id. List them with: peta token list "${oneLine(agent)}"`
