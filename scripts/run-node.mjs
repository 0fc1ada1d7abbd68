/** Runs a TypeScript file of this repository as a child that shares this terminal. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'

import { ROOT } from './terminal.mjs'

/** Node keeps here what it made of each file, which halves the time that a start takes. */
export const COMPILE_CACHE = join(ROOT, '.toolchain', 'compiled')

/**
 * NOTE: Ctrl-C in a terminal reaches the child by itself; it is passed on only where there is no terminal, or the
 * child would be told twice and stop without draining.
 *
 * @param {string} node
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>} the child's exit code, or 128 + signal as shells have it
 */
export async function runNode(node, args, options = {}) {
  const env = { NODE_COMPILE_CACHE: COMPILE_CACHE, ...(options.env ?? process.env) }
  const child = spawn(node, args, { stdio: 'inherit', ...options, env })
  const pass = (signal) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of FORWARDED) process.on(signal, pass)
  try {
    return await new Promise((done, fail) => {
      child.once('error', fail)
      child.once('close', (code, signal) => done(code ?? 128 + constants.signals[signal]))
    })
  } finally {
    for (const signal of FORWARDED) process.removeListener(signal, pass)
  }
}

const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
