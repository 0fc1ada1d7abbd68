import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { CliError } from './cli-error.ts'

/** Core as a child of this command. It keeps our terminal, and ends when we are told to end. */
export type CoreProcess = Readonly<{
  /** Resolves with Core's exit code. */
  ended: Promise<number>
  /** @throws CliError when Core ends before it is ready; it has said why by then */
  ready: (url: string) => Promise<void>
  stop: () => void
}>

const MAIN = fileURLToPath(new URL('../../core/src/main.ts', import.meta.url))
const FLAGS = ['--conditions=peta-source', '--disable-sigusr1', '--disable-proto=throw']
const POLL_MS = 50

export function startCore(): CoreProcess {
  const child = spawn(process.execPath, [...FLAGS, MAIN], { stdio: 'inherit' })
  const ended = exitCodeOf(child)
  const stop = (): void => void child.kill('SIGTERM')
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)

  return {
    ended,
    stop,
    async ready(url) {
      for (;;) {
        if (child.exitCode !== null) throw new CliError('Core did not start.')
        if (await answers(`${url}/health`)) return
        await new Promise((done) => setTimeout(done, POLL_MS))
      }
    },
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    (response) => response.ok,
    () => false,
  )

/** A child ended by a signal counts as the shell counts it. */
async function exitCodeOf(child: ChildProcess): Promise<number> {
  await once(child, 'exit')
  return child.exitCode ?? 128
}
