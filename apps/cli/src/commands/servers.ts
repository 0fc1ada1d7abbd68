import { pathToFileURL } from 'node:url'

import type { RouteBody } from '@peta/contract'
import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, collect } from '../command.ts'
import { addReviewCommands } from './review.ts'
import { launchOf, type LaunchOptions } from './launch-of.ts'
import { listServers, serverParams, type Server } from './server-of.ts'
import { serverText } from './server-text.ts'
import { oneLine, table, when } from '../print.ts'
import { readText } from '../read-text.ts'

type AddOptions = LaunchOptions &
  Readonly<{
    label?: string[]
    title?: string
    connect: boolean
    relayBaggage?: true
    root?: string[]
    probeUnsafe?: true
  }>

/** Servers and what they offer. */
export function addServerCommands(program: Command): void {
  const server = program.command('server').description('MCP servers behind Peta')
  addInstalling(server)
  addChanging(server)
  addSwitching(server)
  addWatching(server)
  addReviewCommands(server)
}

function addInstalling(server: Command): void {
  server
    .command('add <slug> [command...]')
    .description('install a server: a command after "--", or --url')
    .option('--url <url>', 'address of a remote server')
    .option('--allow-loopback', 'the address may be on this machine')
    .option('--title <title>', 'what people call it (default: the slug)')
    .option(
      '--env <name=value>',
      'plain environment variable, may be repeated; for secrets use: peta secret bind',
      collect,
    )
    .option('--label <label>', 'label of the server; may be repeated', collect)
    .option('--relay-baggage', 'trust it with the baggage of traces, which may tell about people')
    .option(
      '--root <folder>',
      'what it hears of its clients’ folders instead of theirs; may be repeated',
      collect,
    )
    .option('--probe-unsafe', 'find out what it speaks on a process of its own')
    .option('--no-connect', 'do not read yet what it offers: a secret is to be bound first')
    .action(
      asPerson<[string, string[], AddOptions]>(
        async ({ peta, workspace, print }, slug, command, options) => {
          const body = {
            slug,
            launch: launchOf(command, options),
            labels: options.label ?? [],
            connect: options.connect,
            relaysBaggage: options.relayBaggage ?? false,
            probeUnsafe: options.probeUnsafe ?? false,
            ...(options.root && { roots: options.root.map(rootOf) }),
            ...(options.title && { title: options.title }),
          }
          const added = await peta.call('servers.install', { params: { workspace }, body })
          print.result(added, addedText(added, options.connect))
        },
      ),
    )
  server
    .command('import <file>')
    .description('install a server from a JSON definition, as the API takes it')
    .action(
      asPerson<[string]>(async ({ peta, workspace, print }, file) => {
        const body = await readDefinition(file)
        const added = await peta.call('servers.install', { params: { workspace }, body })
        print.result(added, addedText(added, body.connect ?? true))
      }),
    )
}

function addChanging(server: Command): void {
  server
    .command('change <server> [command...]')
    .description('change what is started, also to accept a command whose file has changed')
    .option('--url <url>', 'address of a remote server')
    .option('--allow-loopback', 'the address may be on this machine')
    .option('--env <name=value>', 'plain environment variable; may be repeated', collect)
    .action(
      asPerson<[string, string[], LaunchOptions]>(async (context, slug, command, options) => {
        const launch = launchOf(command, options)
        const params = await serverParams(context, slug)
        const changed = await context.peta.call('servers.change', { params, body: { launch } })
        context.print.result(
          changed,
          `${changed.slug} is changed, version ${changed.version}. Bind its secrets again, then: peta server refresh ${changed.slug}`,
        )
      }),
    )
}

const rootOf = (folder: string) => ({ uri: pathToFileURL(folder).href })

function addedText({ slug, items, reason }: Server, connect: boolean): string {
  if (reason !== undefined) {
    return `${slug} is installed, but did not answer (${reason}). Look at its error output: peta server show ${slug}`
  }
  if (!connect) return `${slug} is installed. Read what it offers with: peta server refresh ${slug}`
  return `${slug} is installed. It offers ${items.quarantined} items for review: peta server items ${slug}`
}

function addSwitching(server: Command): void {
  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    server
      .command(`${verb} <server>`)
      .description(enabled ? 'let calls reach it again' : 'let no call reach it, and stop it')
      .action(
        asPerson<[string]>(async (context, slug) => {
          const params = await serverParams(context, slug)
          const changed = await context.peta.call('servers.change', { params, body: { enabled } })
          context.print.result(changed, `${changed.slug} is ${verb}d.`)
        }),
      )
  }
  server
    .command('remove <server>')
    .description('remove a server for good; no other server ever gets its slug')
    .action(
      asPerson<[string]>(async (context, slug) => {
        const params = await serverParams(context, slug)
        await context.peta.call('servers.remove', { params })
        context.print.result({ id: params.server, removed: true }, `${oneLine(slug)} is removed.`)
      }),
    )
}

function addWatching(server: Command): void {
  server
    .command('list')
    .description('list servers')
    .action(
      asPerson<[]>(async (context) => {
        const items = await listServers(context)
        const rows = items.map((s) => [
          s.slug,
          s.launch.kind,
          s.state,
          `${s.items.accepted}`,
          `${s.items.quarantined + s.items.changed}`,
        ])
        context.print.result(
          items,
          table(['SERVER', 'KIND', 'STATE', 'ACCEPTED', 'TO REVIEW'], rows),
        )
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
        const log = lines.map(({ at, text }) => `${when(at)}  ${oneLine(text)}`)
        const text = [serverText(shown), '', log.length > 0 ? 'error output:' : 'no error output']
        context.print.result({ ...shown, log: lines }, [...text, ...log].join('\n'))
      }),
    )
  server
    .command('refresh <server>')
    .description('read again what it offers')
    .action(
      asPerson<[string]>(async (context, slug) => {
        const params = await serverParams(context, slug)
        const fresh = await context.peta.call('servers.refresh', { params, body: {} })
        const { accepted, quarantined, changed } = fresh.items
        context.print.result(fresh, `${accepted} accepted, ${quarantined} new, ${changed} changed`)
      }),
    )
}

/** Core checks every member; here it only has to be JSON. */
async function readDefinition(file: string): Promise<RouteBody<'servers.install'>> {
  const text = await readText(file)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CliError(`${file} is not JSON. Give a definition as the API takes it.`, {
      cause,
      exitCode: 2,
    })
  }
}
