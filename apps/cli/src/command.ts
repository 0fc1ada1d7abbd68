import { PetaError } from '@peta/sdk'
import { InvalidArgumentError, type Command } from 'commander'

import { CliError } from './cli-error.ts'
import { addressOf, chosenUrl, defaultUrl } from './paths.ts'
import { createPrint, type Print } from './print.ts'
import { signedIn, type SignedIn } from './session.ts'

/** What every command that talks to Core gets. */
export type Context = SignedIn & Readonly<{ print: Print }>

type Globals = Readonly<{
  /** Where Core is, as the user or the environment says, or by default. */
  url: string
  /** The same, unless nobody said anything. */
  chosen: string | undefined
  json: boolean
}>

/** The flags of the program itself, which every command shares. */
export const globals = (command: Command): Globals => {
  const { core, json } = command.optsWithGlobals<{ core?: string; json?: boolean }>()
  const chosen = core === undefined ? chosenUrl() : addressOf('--core', core)
  return { url: chosen ?? defaultUrl(), chosen, json: json ?? false }
}

/** Wraps an action that needs a signed-in person; commander passes arguments, then options, then the command. */
export const asPerson =
  <A extends readonly unknown[]>(action: (context: Context, ...args: A) => Promise<void>) =>
  async (...all: readonly unknown[]): Promise<void> => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- commander's own calling convention
    const [command, ...reversed] = all.toReversed() as [Command, ...unknown[]]
    const { chosen, json } = globals(command)
    const context = { ...(await signedIn(chosen)), print: createPrint(json) }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
    await action(context, ...(reversed.toReversed() as unknown as A))
  }

/** For options that may be given several times. */
export const collect = (value: string, all?: readonly string[]): readonly string[] => [
  ...(all ?? []),
  value,
]

/** For options that are numbers; what they may be is for Core to say. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number.')
  return Number(text)
}

/** Says what it was that Core does not have, in the words of whoever asked, and where to look. @throws CliError */
export async function orAbsent<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof PetaError && error.code === 'not_found') {
      throw new CliError(`There is no ${what}`, { cause: error })
    }
    throw error
  }
}
