import type { RouteResponse } from '@peta/contract'
import { type Command, Option } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, collect } from '../command.ts'
import { facts, oneLine, table } from '../print.ts'
import { listProfiles, profileParams } from './profile-of.ts'
import { addOverriding } from './profile-overrides.ts'

type Profile = RouteResponse<'profiles.read'>

type CreateOptions = Readonly<{
  title?: string
  server?: string[]
  tool?: string[]
  unprefixed?: string
  disclosure?: Profile['disclosure']
  favourite?: string[]
  eras?: Profile['eras']
  appCalls?: boolean
  sse?: boolean
  instructions?: string
  callsMax?: number
}>

/** With "--no-unprefixed", commander gives false. */
type ChangeOptions = Omit<CreateOptions, 'unprefixed' | 'instructions' | 'callsMax'> &
  Readonly<{
    instructions?: string | false
    callsMax?: number | false
    allServers?: true
    allTools?: true
    unprefixed?: string | false
    /** With "--no-favourites", commander gives false. */
    favourites?: boolean
  }>

/** Profiles: chosen parts of the workspace, each with an address of its own. */
export function addProfileCommands(program: Command): void {
  const profile = program
    .command('profile')
    .description('profiles: chosen parts of the workspace, each at an address of its own')
  addListing(profile)
  addCreating(profile)
  addChanging(profile)
  addOverriding(profile)
  profile
    .command('remove <profile>')
    .description('remove a profile for good; no other one ever gets its name')
    .action(
      asPerson<[string]>(async (context, name) => {
        const params = await profileParams(context, name)
        await context.peta.call('profiles.remove', { params })
        context.print.result({ name, removed: true }, `${oneLine(name)} is removed.`)
      }),
    )
}

function addListing(profile: Command): void {
  profile
    .command('list')
    .description('list profiles')
    .action(
      asPerson<[]>(async (context) => {
        const items = await listProfiles(context)
        const rows = items.map((p) => [
          p.name,
          chosen(p.servers),
          chosen(p.tools),
          p.unprefixed ?? '',
          p.url,
        ])
        const head = ['PROFILE', 'SERVERS', 'TOOLS', 'UN-PREFIXED', 'ADDRESS']
        const clashes = items.flatMap(clashLines)
        context.print.result(items, [table(head, rows), ...clashes].join('\n'))
      }),
    )
}

const disclosureOption = (): Option =>
  new Option('--disclosure <way>', 'list its tools, or tools to search for them').choices([
    'list',
    'search',
  ])
const erasOption = (): Option =>
  new Option('--eras <eras>', 'clients it serves, by the revision they speak').choices([
    'any',
    'modern',
    'legacy',
  ])
const CALLS_MAX = ['--calls-max <number>', 'calls that one agent has open at once in it'] as const
const APP_CALLS = 'apps may call tools by the names that their server gave them'
const SSE = 'it serves clients of the transport of 2024-11-05 too'
const INSTRUCTIONS = ['--instructions <text>', 'what its clients tell their models'] as const
const FAVOURITE = 'tool listed beside the search, as --tool; may be repeated'
const TOOL = 'tool that it has, as <server>/<tool> with "*" for any text; may be repeated'

function addCreating(profile: Command): void {
  profile
    .command('create <name>')
    .description('create a profile; without options it has everything')
    .option('--title <title>', 'what people call it (default: the name)')
    .option('--server <slug>', 'server that it has; may be repeated', collect)
    .option('--tool <pattern>', TOOL, collect)
    .option('--unprefixed <slug>', 'the one server whose names are shown as they are')
    .addOption(disclosureOption())
    .option('--favourite <pattern>', FAVOURITE, collect)
    .addOption(erasOption())
    .option('--app-calls', APP_CALLS)
    .option('--sse', SSE)
    .option(...INSTRUCTIONS)
    .option(...CALLS_MAX, Number)
    .action(
      asPerson<[string, CreateOptions]>(async ({ peta, workspace, print }, name, options) => {
        const { server: servers, tool: tools, favourite: favourites, ...others } = options
        const body = { name, ...others, servers, tools, favourites }
        const created = await peta.call('profiles.create', { params: { workspace }, body })
        print.result(created, profileText(created))
      }),
    )
}

function addChanging(profile: Command): void {
  profile
    .command('change <profile>')
    .description('change what a profile has; what no option names stays')
    .option('--title <title>', 'what people call it')
    .option('--server <slug>', 'server that it has; may be repeated', collect)
    .option('--all-servers', 'it has every server')
    .option('--tool <pattern>', TOOL, collect)
    .option('--all-tools', 'it has every tool of its servers')
    .option('--unprefixed <slug>', 'the one server whose names are shown as they are')
    .option('--no-unprefixed', 'no server is')
    .addOption(disclosureOption())
    .option('--favourite <pattern>', FAVOURITE, collect)
    .option('--no-favourites', 'nothing is listed beside the search')
    .addOption(erasOption())
    .option('--app-calls', APP_CALLS)
    .option('--sse', SSE)
    .option(...INSTRUCTIONS)
    .option(...CALLS_MAX, Number)
    .option('--no-sse', 'it serves clients of later transports only')
    .option('--no-app-calls', 'apps call tools by the names that lists show')
    .option('--no-instructions', 'nothing but what its servers say')
    .option('--no-calls-max', 'as many as an agent may have anywhere')
    .action(
      asPerson<[string, ChangeOptions]>(async (context, name, options) => {
        const body = changeOf(options)
        const params = await profileParams(context, name)
        const changed = await context.peta.call('profiles.change', { params, body })
        context.print.result(changed, profileText(changed))
      }),
    )
}

/** @throws CliError when the options say nothing, or two things at once */
function changeOf(options: ChangeOptions) {
  const { title, disclosure, eras, appCalls, sse } = options
  const body = {
    title,
    servers: someOrAll(options.server, options.allServers),
    tools: someOrAll(options.tool, options.allTools),
    unprefixed: orNone(options.unprefixed),
    disclosure,
    favourites: someOrNone(options.favourite, options.favourites),
    eras,
    appCalls,
    sse,
    instructions: orNone(options.instructions),
    callsMax: orNone(options.callsMax),
  }
  const isEmpty = Object.values(body).every((value) => value === undefined)
  if (isEmpty) throw misused('Say what is to change.')
  return body
}

const orNone = <T>(value: T | false | undefined): T | null | undefined =>
  value === false ? null : value

function someOrNone(some: string[] | undefined, any: boolean | undefined): string[] | undefined {
  if (some && any === false) throw misused('Give some or none, not both.')
  return any === false ? [] : some
}

function someOrAll(
  some: string[] | undefined,
  all: true | undefined,
): string[] | 'all' | undefined {
  if (some && all) throw misused('Give some or all, not both.')
  return all ? 'all' : some
}

const misused = (problem: string): CliError =>
  new CliError(`${problem} See: peta profile change --help`, { exitCode: 2 })

function profileText(profile: Profile): string {
  const { name, url, servers, tools, unprefixed, disclosure, favourites, overrides } = profile
  return [
    facts([
      ['profile', name],
      ['address', url],
      ['servers', chosen(servers)],
      ['tools', chosen(tools)],
      ['un-prefixed', unprefixed ?? 'none'],
      ['disclosure', disclosure],
      ...(disclosure === 'search' ? [['favourites', chosen(favourites)] as const] : []),
      ...overrides.map(({ tool }) => ['overridden', oneLine(tool)] as const),
      ['instructions', profile.instructions ? oneLine(profile.instructions) : 'none'],
      ['older transport', profile.sse ? `${profile.url}/sse` : 'none'],
      ['app calls', profile.appCalls ? 'by bare names too' : 'by listed names'],
      ['clients', profile.eras],
      ['calls at once', String(profile.callsMax ?? 'as anywhere')],
    ]),
    ...clashLines(profile),
  ].join('\n')
}

const chosen = (choice: Profile['servers']): string =>
  choice === 'all' ? 'all' : choice.join(', ') || 'none'

const clashLines = ({ name, clashes, unprefixed = '' }: Profile): readonly string[] =>
  clashes.map(
    (clash) =>
      `${name}: ${clash.kind} ${oneLine(clash.name)} of ${clash.server} is not shown; ${clash.server === unprefixed ? 'peta' : unprefixed} has the name`,
  )
