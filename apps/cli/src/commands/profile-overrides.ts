import type { RouteResponse } from '@peta/contract'
import type { Command } from 'commander'

import { asPerson, collect } from '../command.ts'
import { CliError } from '../cli-error.ts'
import { oneLine } from '../print.ts'
import { profileParams } from './profile-of.ts'

type Override = RouteResponse<'profiles.read'>['overrides'][number]

type Options = Readonly<{
  title?: string
  suffix?: string
  pin?: string[]
  keep?: number
  remove?: true
}>

/** What a profile shows and fixes of one tool. */
export function addOverriding(profile: Command): void {
  profile
    .command('override <profile> <tool>')
    .description('show a tool differently in a profile, or fix arguments of its calls')
    .option('--title <title>', 'what clients show it as')
    .option('--suffix <text>', 'text at the end of its description')
    .option('--pin <argument>', 'argument that every call has, as <name>=<value>', collect)
    .option(
      '--keep <seconds>',
      'give a result again for the same arguments, if it only reads',
      Number,
    )
    .option('--remove', 'show it again as its server has it')
    .action(
      asPerson<[string, string, Options]>(async (context, name, tool, options) => {
        const { peta, print } = context
        const params = await profileParams(context, name)
        const { overrides } = await peta.call('profiles.read', { params })
        const others = overrides.filter((override) => override.tool !== tool)
        const added = options.remove ? [] : [overrideOf(tool, options)]
        const body = { overrides: [...others, ...added] }
        const changed = await peta.call('profiles.change', { params, body })
        const said = options.remove ? 'shown as it is' : 'overridden'
        print.result(changed, `${oneLine(tool)} is ${said} in ${oneLine(name)}.`)
      }),
    )
}

/** @throws CliError when the options say nothing, or a value has no name */
function overrideOf(tool: string, { title, suffix, pin = [], keep }: Options): Override {
  if ([title, suffix, keep, ...pin].every((option) => option === undefined)) {
    throw misused('Say what is to be shown or fixed, or give --remove.')
  }
  return {
    tool,
    ...(title !== undefined && { title }),
    ...(suffix !== undefined && { suffix }),
    ...(keep !== undefined && { keepSeconds: keep }),
    pinned: Object.fromEntries(pin.map(readPin)),
  }
}

function readPin(text: string): readonly [string, Override['pinned'][string]] {
  const at = text.indexOf('=')
  if (at < 1) throw misused('Write a fixed argument as <name>=<value>.')
  return [text.slice(0, at), readScalar(text.slice(at + 1))]
}

/** JSON where it is a number, a boolean, null or a string in quotes; any other text as it stands. */
function readScalar(text: string): Override['pinned'][string] {
  try {
    const value: unknown = JSON.parse(text)
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
    return typeof value === 'number' ? value : text
  } catch {
    return text
  }
}

const misused = (problem: string): CliError =>
  new CliError(`${problem} See: peta profile override --help`, { exitCode: 2 })
