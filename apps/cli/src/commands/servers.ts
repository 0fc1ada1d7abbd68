import { readFile } from 'node:fs/promises'

import type { RouteBody } from '@peta/contract'
import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, collect, type Context } from '../command.ts'
import { table, when } from '../print.ts'

type Labels = Readonly<{ label: string[] }>
type AddOptions = Labels &
  Readonly<{ url?: string; allowLoopback?: true; env: string[]; accept?: true; title?: string }>
type AcceptOptions = Labels & Readonly<{ item: string[]; risk?: string }>

/** Servers and what they offer. */
export function addServerCommands(program: Command): void {
  const server = program.command('server').description('MCP servers behind Peta')
  addInstalling(server)
  addSwitching(server)
  addWatching(server)
  addReviewing(server)
}

function addInstalling(server: Command): void {
  server
    .command('add <slug> [command...]')
    .description('install a server: a command after "--", or --url')
    .option('--url <url>', 'address of a remote server')
    .option('--allow-loopback', 'the address may be on this machine')
    .option('--title <title>')
    .option(
      '--env <name=value>',
      'plain environment variable; for secrets use a binding',
      collect,
      [],
    )
    .option('--label <label>', 'label of the server', collect, [])
    .action(
      asPerson<[string, string[], AddOptions]>(
        async ({ peta, workspace, print }, slug, command, options) => {
          const body = {
            slug,
            launch: launchOf(command, options),
            labels: options.label,
            ...(options.title && { title: options.title }),
          }
          const added = await peta.call('servers.install', { params: { workspace }, body })
          print.result(
            added,
            `${added.slug} installed. It offers ${added.items.quarantined} entries for review: peta server items ${slug}`,
          )
        },
      ),
    )
  server
    .command('import <file>')
    .description('install a server from a JSON definition')
    .action(
      asPerson<[string]>(async ({ peta, workspace, print }, file) => {
        const body = await readDefinition(file)
        const added = await peta.call('servers.install', { params: { workspace }, body })
        print.result(added, `${added.slug} installed.`)
      }),
    )
}

function addSwitching(server: Command): void {
  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    server
      .command(`${verb} <server>`)
      .description(`${verb} a server`)
      .action(
        asPerson<[string]>(async (context, slug) => {
          const params = await serverParams(context, slug)
          const changed = await context.peta.call('servers.change', { params, body: { enabled } })
          context.print.result(changed, `${slug} ${verb}d.`)
        }),
      )
  }
  server
    .command('remove <server>')
    .description('remove a server')
    .action(
      asPerson<[string]>(async (context, slug) => {
        await context.peta.call('servers.remove', { params: await serverParams(context, slug) })
        context.print.say(`${slug} removed.`)
      }),
    )
}

function addWatching(server: Command): void {
  server
    .command('list')
    .description('list servers')
    .action(
      asPerson<[]>(async ({ peta, workspace, print }) => {
        const { items } = await peta.call('servers.list', { params: { workspace }, query: {} })
        const rows = items.map((s) => [
          s.slug,
          s.launch.kind,
          s.state,
          `${s.items.accepted}`,
          `${s.items.quarantined + s.items.changed}`,
        ])
        print.result(items, table(['SERVER', 'KIND', 'STATE', 'ACCEPTED', 'TO REVIEW'], rows))
      }),
    )
  server
    .command('show <server>')
    .description('show one server and its recent error output')
    .action(
      asPerson<[string]>(async (context, slug) => {
        const params = await serverParams(context, slug)
        const shown = await context.peta.call('servers.read', { params })
        const { lines } = await context.peta.call('servers.logs', { params })
        const log = lines.map((line) => `${when(line.at)}  ${line.text}`).join('\n')
        context.print.result(
          { ...shown, log: lines },
          `${JSON.stringify(shown, undefined, 2)}\n${log}`,
        )
      }),
    )
  server
    .command('refresh <server>')
    .description('read the catalogue again')
    .action(
      asPerson<[string]>(async (context, slug) => {
        const params = await serverParams(context, slug)
        const fresh = await context.peta.call('servers.refresh', { params, body: {} })
        context.print.result(
          fresh,
          `${fresh.items.accepted} accepted, ${fresh.items.quarantined} new, ${fresh.items.changed} changed`,
        )
      }),
    )
}

function addReviewing(server: Command): void {
  server
    .command('items <server>')
    .description('list what a server offers')
    .action(
      asPerson<[string]>(async (context, slug) => {
        const params = await serverParams(context, slug)
        const { items } = await context.peta.call('items.list', { params, query: { limit: 200 } })
        const rows = items.map((item) => [
          item.kind,
          item.exposed,
          item.state,
          item.labels.join(','),
          `${item.risk}`,
        ])
        context.print.result(items, table(['KIND', 'NAME', 'STATE', 'LABELS', 'RISK'], rows))
      }),
    )
  server
    .command('accept <server>')
    .description('accept entries with the labels that count; all new ones unless --item is given')
    .option('--item <kind:name>', 'such as tool:read_file', collect, [])
    .option('--label <label>', 'read, write, destructive, external, …', collect, [])
    .option('--risk <number>', '0 to 100')
    .action(
      asPerson<[string, AcceptOptions]>(async (context, slug, options) => {
        const params = await serverParams(context, slug)
        const body = {
          items: options.item.length > 0 ? options.item.map(itemRef) : ('all' as const),
          labels: options.label,
          ...(options.risk && { risk: Number(options.risk) }),
        }
        const { changed } = await context.peta.call('items.accept', { params, body })
        context.print.result({ changed }, `${changed} accepted.`)
      }),
    )
  server
    .command('reject <server> <items...>')
    .description('reject entries, given as kind:name')
    .action(
      asPerson<[string, string[]]>(async (context, slug, items) => {
        const params = await serverParams(context, slug)
        const { changed } = await context.peta.call('items.reject', {
          params,
          body: { items: items.map(itemRef) },
        })
        context.print.result({ changed }, `${changed} rejected.`)
      }),
    )
}

/** People say slugs; the API takes ids. */
export async function serverId({ peta, workspace }: Context, slug: string): Promise<string> {
  const { items } = await peta.call('servers.list', {
    params: { workspace },
    query: { limit: 200 },
  })
  const found = items.find((candidate) => candidate.slug === slug || candidate.id === slug)
  if (!found) throw new CliError(`There is no server "${slug}". List them with: peta server list`)
  return found.id
}

const serverParams = async (context: Context, slug: string) => ({
  workspace: context.workspace,
  server: await serverId(context, slug),
})

function launchOf(
  command: readonly string[],
  options: AddOptions,
): RouteBody<'servers.install'>['launch'] {
  const [file, ...args] = command
  if (options.url && file === undefined) {
    return { kind: 'http', url: options.url, allowLoopback: options.allowLoopback ?? false }
  }
  if (file === undefined || options.url) {
    throw new CliError('Give either --url, or a command after "--".', { exitCode: 2 })
  }
  return { kind: 'stdio', command: file, args, env: Object.fromEntries(options.env.map(envPair)) }
}

function envPair(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new CliError(`--env "${text}" is not name=value.`, { exitCode: 2 })
  return [text.slice(0, at), text.slice(at + 1)]
}

const KINDS = ['tool', 'prompt', 'resource', 'resource_template'] as const

function itemRef(text: string): { kind: (typeof KINDS)[number]; name: string } {
  const at = text.indexOf(':')
  const kind = KINDS.find((candidate) => candidate === text.slice(0, at))
  if (!kind)
    throw new CliError(`"${text}" is not kind:name; kinds are ${KINDS.join(', ')}.`, {
      exitCode: 2,
    })
  return { kind, name: text.slice(at + 1) }
}

/** Core checks every member; here it only has to be JSON. */
async function readDefinition(file: string): Promise<RouteBody<'servers.install'>> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new CliError(`${file} cannot be read as JSON.`, { cause, exitCode: 2 })
  }
}
