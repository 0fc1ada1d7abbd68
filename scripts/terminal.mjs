/** What the scripts share to speak with the person who runs them. */
import { resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '..')

/** Ends the script with one sentence instead of a stack. */
export class SetupError extends Error {
  name = 'SetupError'
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

/**
 * Runs one of the scripts' main functions; a `SetupError` becomes one line, anything else is a defect and keeps its
 * stack.
 *
 * @param {() => Promise<number>} main resolves with the exit code
 */
export async function runScript(main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(`peta: ${error.message}`)
    process.exitCode = 1
  }
}

/** @param {number} since epoch ms */
export const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`
