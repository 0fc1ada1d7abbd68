import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, collect, type Context } from '../command.ts'
import { table, when } from '../print.ts'

type CreateOptions = Readonly<{ label: string[]; workspaceOwned?: true }>

/** Agents and their tokens. */
export function addAgentCommands(program: Command): void {
  const agent = program.command('agent').description('agents: what holds tokens and calls tools')
  agent
    .command('create <name>')
    .description('create an agent of yours')
    .option('--label <label>', 'label that rules can name', collect, [])
    .option('--workspace-owned', 'belongs to the workspace, not to you')
    .action(
      asPerson<[string, CreateOptions]>(async ({ peta, workspace, print }, name, options) => {
        const ownership = options.workspaceOwned ? ('workspace' as const) : ('user' as const)
        const body = { name, ownership, labels: options.label }
        const created = await peta.call('agents.create', { params: { workspace }, body })
        print.result(created, `${created.name} created. Issue a token: peta token issue ${name}`)
      }),
    )
  agent
    .command('list')
    .description('list agents')
    .action(
      asPerson<[]>(async ({ peta, workspace, print }) => {
        const { items } = await peta.call('agents.list', { params: { workspace }, query: {} })
        const rows = items.map((a) => [a.name, a.ownership, a.status, a.labels.join(','), a.id])
        print.result(items, table(['NAME', 'OWNED BY', 'STATUS', 'LABELS', 'ID'], rows))
      }),
    )
  for (const [verb, status] of [
    ['suspend', 'suspended'],
    ['resume', 'active'],
  ] as const) {
    agent
      .command(`${verb} <agent>`)
      .description(`${verb} an agent, at once`)
      .action(
        asPerson<[string]>(async (context, name) => {
          const params = await agentParams(context, name)
          const changed = await context.peta.call('agents.change', { params, body: { status } })
          context.print.result(changed, `${changed.name} is ${changed.status}.`)
        }),
      )
  }
  addTokenCommands(program)
}

function addTokenCommands(program: Command): void {
  const token = program.command('token').description('tokens of agents: short-lived, shown once')
  token
    .command('issue <agent>')
    .description('issue a token; it is printed once, to stdout')
    .option('--life <seconds>', 'how long it works', '3600')
    .action(
      asPerson<[string, { life: string }]>(async (context, name, { life }) => {
        const params = await agentParams(context, name)
        const body = { lifeSeconds: Number(life) }
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
        const { items } = await context.peta.call('tokens.list', { params, query: {} })
        const rows = items.map((t) => [t.id, t.state, when(t.expiresAt), when(t.lastUsedAt)])
        context.print.result(items, table(['TOKEN', 'STATE', 'EXPIRES', 'LAST USED'], rows))
      }),
    )
  token
    .command('rotate <agent> <token>')
    .description('replace a token by a new one, printed once')
    .action(
      asPerson<[string, string]>(async (context, name, id) => {
        const params = { ...(await agentParams(context, name)), token: id }
        const issued = await context.peta.call('tokens.rotate', { params, body: {} })
        context.print.result(issued, issued.token)
      }),
    )
  token
    .command('revoke <agent> <token>')
    .description('revoke a token at once')
    .action(
      asPerson<[string, string]>(async (context, name, id) => {
        const params = { ...(await agentParams(context, name)), token: id }
        await context.peta.call('tokens.revoke', { params })
        context.print.say('Revoked.')
      }),
    )
}

async function agentParams({ peta, workspace }: Context, name: string) {
  const { items } = await peta.call('agents.list', { params: { workspace }, query: { limit: 200 } })
  const found = items.find((candidate) => candidate.name === name || candidate.id === name)
  if (!found) throw new CliError(`There is no agent "${name}". List them with: peta agent list`)
  return { workspace, agent: found.id }
}
