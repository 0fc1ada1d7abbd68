import { Readable } from 'node:stream'

import { vi } from 'vitest'

import { run } from '../../apps/cli/src/run.ts'
import type { CliResult } from './core.ts'

/**
 * The command line without a process of its own: the same program, two orders of magnitude cheaper. One at a time, for
 * it borrows this process's streams and environment. Not for `peta start`, which takes signals.
 */
export async function runInProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input: string,
): Promise<CliResult> {
  using borrowed = new DisposableStack()
  const stdout = collect(process.stdout, borrowed)
  const stderr = collect(process.stderr, borrowed)
  borrowEnvironment(env, borrowed)
  borrowed.use(vi.spyOn(process, 'stdin', 'get')).mockReturnValue(terminalOf(input))
  borrowed.defer(() => (process.exitCode = undefined))
  process.exitCode = undefined
  const code = await run(['node', 'peta', ...args])
  return { code, stdout: stdout(), stderr: stderr() }
}

function collect(stream: NodeJS.WriteStream, borrowed: DisposableStack): () => string {
  let text = ''
  borrowed.use(vi.spyOn(stream, 'write')).mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  return () => text
}

/** Settings of the test run itself do not count. */
function borrowEnvironment(env: Readonly<Record<string, string>>, borrowed: DisposableStack): void {
  borrowed.defer(() => vi.unstubAllEnvs())
  for (const name of Object.keys(process.env).filter((known) => known.startsWith('PETA_'))) {
    vi.stubEnv(name, undefined)
  }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the program reads it, and looks whether it is a terminal; nothing else
const terminalOf = (input: string) => Readable.from([input]) as unknown as typeof process.stdin
