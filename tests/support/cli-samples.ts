import { createProgram } from '../../apps/cli/src/program.ts'
import { nobody } from './route-samples.ts'

type Command = ReturnType<typeof createProgram>
type Argument = Command['registeredArguments'][number]

/** A command that does something, as `peta` has it, with words that make it valid and name nothing that exists. */
export type CommandSample = Readonly<{
  /** As a person types it, without `peta`. */
  name: string
  command: Command
  path: readonly string[]
  args: readonly string[]
  /** What may be left out, without arguments of another program. */
  optional: readonly string[]
  options: readonly string[]
}>

export type Places = Readonly<{ file: string; definition: string; folder: string }>

/** Every command of the program; a new one is in it by itself, and fails here until its arguments have samples. */
export function commandSamples(places: Places): readonly CommandSample[] {
  return leavesOf(createProgram(), []).map(({ command, path }) => {
    const name = path.join(' ')
    const given = name === 'server import' ? { ...places, file: places.definition } : places
    const samplesOf = (all: readonly Argument[]) => all.map((one) => sampleOf(one.name(), given))
    const all = command.registeredArguments
    const args = samplesOf(all.filter(({ required }) => required))
    const optional = samplesOf(all.filter(({ required, variadic }) => !required && !variadic))
    const mandatory = command.options.flatMap(({ long, mandatory: isNeeded }) =>
      isNeeded && long ? [long, 'sample@example.com'] : [],
    )
    return { name, command, path, args, optional, options: [...mandatory, ...(needed[name] ?? [])] }
  })
}

/** As typed: the options first, since arguments of a server's command may follow "--". */
export const wordsOf = ({ path, options, args }: CommandSample): readonly string[] => [
  ...path,
  ...options,
  ...args,
]

type Leaf = Readonly<{ command: Command; path: readonly string[] }>

const leavesOf = (command: Command, above: readonly string[]): readonly Leaf[] =>
  command.commands.flatMap((child) => {
    const path = [...above, child.name()]
    return child.commands.length > 0 ? leavesOf(child, path) : [{ command: child, path }]
  })

/** Options without which the command cannot be right, though none of them is needed always. */
const needed: Readonly<Record<string, readonly string[]>> = {
  'server add': ['--url', 'https://mcp.example.com/mcp', '--no-connect'],
  'server change': ['--url', 'https://mcp.example.com/mcp'],
  bridge: ['--agent', 'sample'],
  'profile change': ['--all-tools'],
  'secret bind': ['--header', 'X-Api-Key', '--host', 'mcp.example.com:443'],
}

function sampleOf(argument: string, places: Places): string {
  const samples: Readonly<Record<string, string>> = {
    file: places.file,
    folder: places.folder,
    name: 'sample',
    slug: 'sample',
    agent: 'sample',
    profile: 'sample',
    server: 'sample',
    token: nobody('tok'),
    tool: 'sample__tool',
    items: 'tool:sample',
    approval: 'APR-00000000',
    found: 'done',
    version: '999999',
    other: '999998',
  }
  const sample = samples[argument]
  if (sample === undefined) throw new Error(`no sample for the argument <${argument}>`)
  return sample
}
