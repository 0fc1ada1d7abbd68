import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { NODE_FLAGS } from '../../scripts/node-flags.mjs'

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))
const LAST_WORDS = 'Ctrl-C stops'

/** `peta start --demo`, at the point where its guide has been read. */
export type Demo = AsyncDisposable &
  Readonly<{
    /** All that stands on the terminal. */
    said: () => string
    /** As Ctrl-C does; resolves with the exit code. */
    stop: () => Promise<number | null>
  }>

/** @throws with what it said, when it ends before it is ready */
export async function startDemo(
  env: Readonly<Record<string, string>>,
  node = process.execPath,
): Promise<Demo> {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env
  const child = spawn(node, [...NODE_FLAGS, CLI, 'start', '--demo'], {
    env: { PATH, NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const ready = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += String(chunk)
      if (text.includes(LAST_WORDS)) ready.resolve()
    })
  }
  const closed = once(child, 'close')
  await Promise.race([ready.promise, closed])
  const stop = async (): Promise<number | null> => {
    child.kill('SIGINT')
    await closed
    return child.exitCode
  }
  if (!text.includes(LAST_WORDS)) throw new Error(text)
  return { said: () => text, stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}
