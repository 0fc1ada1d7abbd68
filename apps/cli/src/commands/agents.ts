import { everyPage } from '@peta/sdk'
import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, collect, type Context } from '../command.ts'
import { oneLine, table } from '../print.ts'

type CreateOptions = Readonly<{ label?: string[]; workspaceOwned?: true }>

/** Agents: what holds tokens and calls tools. */
export function addAgentCommands(program: Command): void {
  const agent = program.command('agent').description('agents: what holds tokens and calls tools')
  agent
    .command('create <name>')
    .description('create an agent of yours')
    .option('--label <label>', 'label that rules can name; may be repeated', collect)
    .option('--workspace-owned', 'belongs to the workspace, not to you')
    .action(
      asPerson<[string, CreateOptions]>(async ({ peta, workspace, print }, name, options) => {
        const ownership = options.workspaceOwned ? ('workspace' as const) : ('user' as const)
        const body = { name, ownership, labels: options.label ?? [] }
        const created = await peta.call('agents.create', { params: { workspace }, body })
        const shown = oneLine(created.name)
        print.result(created, `${shown} created. Issue a token: peta token issue "${shown}"`)
      }),
    )
  agent
    .command('list')
    .description('list agents')
    .action(
      asPerson<[]>(async (context) => {
        const items = await listAgents(context)
        const rows = items.map((a) => [a.name, a.ownership, a.status, a.labels.join(','), a.id])
        context.print.result(items, table(['NAME', 'OWNED BY', 'STATUS', 'LABELS', 'ID'], rows))
      }),
    )
  addSwitching(agent)
}

function addSwitching(agent: Command): void {
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
          context.print.result(changed, `${oneLine(changed.name)} is ${changed.status}.`)
        }),
      )
  }
}

const listAgents = ({ peta, workspace }: Context) =>
  everyPage((query) => peta.call('agents.list', { params: { workspace }, query }))

/** People say names; the API takes ids. @throws CliError when the name is nobody's, or several agents' */
export async function agentParams(context: Context, name: string) {
  const agents = await listAgents(context)
  const found = agents.filter((agent) => agent.id === name || agent.name === name)
  const [agent, ...others] = found
  if (!agent) {
    throw new CliError(`There is no agent "${oneLine(name)}". List them with: peta agent list`)
  }
  if (others.length > 0) {
    throw new CliError(
      `${found.length} agents are called "${oneLine(name)}". Give the id of one: ${found.map(({ id }) => id).join(', ')}`,
    )
  }
  return { workspace: context.workspace, agent: agent.id }
}
