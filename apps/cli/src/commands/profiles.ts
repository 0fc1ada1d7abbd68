import type { RouteResponse } from '@peta/contract'
import { everyPage } from '@peta/sdk'
import { type Command, Option } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, collect, type Context } from '../command.ts'
import { facts, oneLine, table } from '../print.ts'

type Profile = RouteResponse<'profiles.read'>

type CreateOptions = Readonly<{
  title?: string
  server?: string[]
  tool?: string[]
  unprefixed?: string
  disclosure?: Profile['disclosure']
  favourite?: string[]
}>

/** With "--no-unprefixed", commander gives false. */
type ChangeOptions = Omit<CreateOptions, 'unprefixed'> &
  Readonly<{
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
    .action(
      asPerson<[string, CreateOptions]>(async ({ peta, workspace, print }, name, options) => {
        const { title, server, tool, unprefixed, disclosure, favourite } = options
        const body = {
          name,
          ...(title !== undefined && { title }),
          ...(server && { servers: server }),
          ...(tool && { tools: tool }),
          ...(unprefixed !== undefined && { unprefixed }),
          ...(disclosure && { disclosure }),
          ...(favourite && { favourites: favourite }),
        }
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
  const { title, unprefixed, disclosure, favourite, favourites } = options
  if (favourite && favourites === false) throw misused('Give favourites or none, not both.')
  const servers = someOrAll(options.server, options.allServers)
  const tools = someOrAll(options.tool, options.allTools)
  const body = {
    ...(title !== undefined && { title }),
    ...(servers && { servers }),
    ...(tools && { tools }),
    ...(unprefixed !== undefined && { unprefixed: unprefixed === false ? null : unprefixed }),
    ...(disclosure && { disclosure }),
    ...(favourite && { favourites: favourite }),
    ...(favourites === false && { favourites: [] }),
  }
  if (Object.keys(body).length === 0) throw misused('Say what is to change.')
  return body
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

const listProfiles = ({ peta, workspace }: Context): Promise<readonly Profile[]> =>
  everyPage((query) => peta.call('profiles.list', { params: { workspace }, query }))

/** @throws CliError when there is no profile of that name */
async function profileParams(context: Context, name: string) {
  const profiles = await listProfiles(context)
  if (!profiles.some((profile) => profile.name === name)) {
    throw new CliError(`There is no profile "${oneLine(name)}". List them with: peta profile list`)
  }
  return { workspace: context.workspace, profile: name }
}

function profileText(profile: Profile): string {
  const { name, url, servers, tools, unprefixed, disclosure, favourites } = profile
  return [
    facts([
      ['profile', name],
      ['address', url],
      ['servers', chosen(servers)],
      ['tools', chosen(tools)],
      ['un-prefixed', unprefixed ?? 'none'],
      ['disclosure', disclosure],
      ...(disclosure === 'search' ? [['favourites', chosen(favourites)] as const] : []),
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
