import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { CliError } from './cli-error.ts'

/** Core as a child of this command. It keeps our terminal, and ends when we are told to end. */
export type CoreProcess = Readonly<{
  /**
   * The address it listens on. Read from Core itself: something else may answer at the port.
   *
   * @throws CliError when Core ends before it listens; it has said why by then
   */
  listening: Promise<string>
  /** Resolves with Core's exit code. */
  ended: Promise<number>
  /** Whether someone, or something, has asked for the end. */
  isStopping: () => boolean
  stop: () => void
}>

/** `own` Core has its whole terminal; a `quiet` one says only what somebody should look at, and not the set-up link. */
export type CoreVoice = 'own' | 'quiet'

const MAIN = fileURLToPath(new URL('../../core/src/main.ts', import.meta.url))
const LISTENS = /^Peta listens on (\S+)$/

/** Those of `scripts/node-flags.mjs`, also where this command was started without them. */
const FLAGS = [
  '--conditions=peta-source',
  '--disable-sigusr1',
  '--disable-proto=throw',
  '--max-semi-space-size=4',
] as const

/**
 * Core gets the flags that every program of ours has, and what else this command was started with (SEC-70). Ctrl-C, an ended
 * terminal and `kill` stop Core in order; the second one ends it at once.
 */
export function startCore(voice: CoreVoice): CoreProcess {
  const stdout = voice === 'own' ? 'inherit' : 'pipe'
  const child = spawn(process.execPath, [...new Set([...FLAGS, ...process.execArgv]), MAIN], {
    stdio: ['inherit', stdout, 'inherit'],
    env: { ...(voice === 'quiet' && { PETA_LOG_LEVEL: 'warn' }), ...process.env },
  })
  const ended = exitCodeOf(child)
  let isStopping = false
  const stop = (): void => {
    isStopping = true
    child.kill('SIGTERM')
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  const listening = addressOf(child, ended)
  // Nobody waits for it where Core speaks for itself.
  listening.catch(() => undefined)
  return { listening, ended, isStopping: () => isStopping, stop }
}

async function addressOf(child: ChildProcess, ended: Promise<number>): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, url] = LISTENS.exec(line) ?? []
      if (url) resolve(url)
    })
  }
  const url = await Promise.race([promise, ended.then(() => undefined)])
  if (url === undefined) throw new CliError('')
  return url
}

/** A child ended by a signal counts as the shell counts it. */
async function exitCodeOf(child: ChildProcess): Promise<number> {
  await once(child, 'exit')
  return child.exitCode ?? 128
}
