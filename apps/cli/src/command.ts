import type { Command } from 'commander'

import { defaultUrl } from './paths.ts'
import { createPrint, type Print } from './print.ts'
import { signedIn, type SignedIn } from './session.ts'

/** What every command that talks to Core gets. */
export type Context = SignedIn & Readonly<{ print: Print }>

/** The flags of the program itself, which every command shares. */
export const globals = (command: Command): Readonly<{ url: string; json: boolean }> => {
  const { core, json } = command.optsWithGlobals<{ core?: string; json?: boolean }>()
  return { url: (core ?? defaultUrl()).replace(/\/$/, ''), json: json ?? false }
}

/** Wraps an action that needs a signed-in person; commander passes arguments, then options, then the command. */
export const asPerson =
  <A extends readonly unknown[]>(action: (context: Context, ...args: A) => Promise<void>) =>
  async (...all: readonly unknown[]): Promise<void> => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- commander's own calling convention
    const [command, ...reversed] = all.toReversed() as [Command, ...unknown[]]
    const { url, json } = globals(command)
    const context = { ...(await signedIn(url)), print: createPrint(json) }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
    await action(context, ...(reversed.toReversed() as unknown as A))
  }

/** For options that may be given several times. */
export const collect = (value: string, all: string[]): string[] => [...all, value]
