import { once } from 'node:events'
import type { Writable } from 'node:stream'

import { asOneLine } from './message.ts'

const END = Buffer.from('\n')

/** Resolves when the reader is ready for more. Lines of different writers never mix. */
export type WriteLine = (message: Buffer) => Promise<void>

export function createWriteLine(output: Writable): WriteLine {
  let ready: Promise<unknown> | undefined
  return async function writeLine(message) {
    const isReady = output.write(Buffer.concat([asOneLine(message), END]))
    if (isReady) return
    // One wait for all writers.
    ready ??= once(output, 'drain').finally(() => (ready = undefined))
    await ready
  }
}
