import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { NODE_FLAGS } from '../../scripts/node-flags.mjs'

const ROOT = new URL('../../', import.meta.url).pathname
const CORE = join(ROOT, 'apps/core/src/main.ts')
const CLI = join(ROOT, 'apps/cli/src/main.ts')
const READY_MS = 30_000

/** A real Core in a process and a home of its own, and the real CLI beside it. */
export type TestCore = AsyncDisposable & {
  readonly url: string
  /** Holds the data directory, the key file and the CLI's session; also where canaries must not be found. */
  readonly home: string
  /** What Core is started with. */
  readonly env: Readonly<Record<string, string>>
  /** Everything Core wrote to its terminal. */
  output: () => string
  pid: () => number
  cli: (args: readonly string[], input?: string) => Promise<CliResult>
  /** Ends Core at once, as a power cut would end the process. */
  kill: () => Promise<void>
  start: () => Promise<void>
  stop: () => Promise<number | null>
}

export type CliResult = Readonly<{ code: number | null; stdout: string; stderr: string }>

export type TestCoreOptions = Readonly<{
  databaseUrl?: string
  env?: Readonly<Record<string, string>>
  /** Runs before the first start. */
  prepare?: (home: string) => Promise<void>
}>

/** Of the settings of the test run a child gets these alone. */
const inherited = (): Record<string, string> => {
  const { PATH = '', NODE_COMPILE_CACHE } = process.env
  return { PATH, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) }
}

export async function startTestCore(options: TestCoreOptions = {}): Promise<TestCore> {
  const home = await mkdtemp(join(tmpdir(), 'peta-test-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = {
    ...inherited(),
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config'),
    PETA_PORT: String(port),
    ...(options.databaseUrl && { PETA_DATABASE_URL: options.databaseUrl }),
    ...options.env,
  }
  let child: ChildProcess | undefined
  let output = ''

  const core: TestCore = {
    url,
    home,
    env,
    output: () => output,
    pid: () => child?.pid ?? 0,
    async start() {
      child = spawn(process.execPath, [...NODE_FLAGS, CORE], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child.stdout?.on('data', (chunk) => (output += String(chunk)))
      child.stderr?.on('data', (chunk) => (output += String(chunk)))
      await untilReady(url, child, () => output)
    },
    async kill() {
      child?.kill('SIGKILL')
      if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null)
        return child?.exitCode ?? null
      child.kill('SIGTERM')
      await once(child, 'exit')
      return child.exitCode
    },
    // The CLI reads no setting but where Core is and where its host key lies.
    cli: (args, input) => runCli(args, input, { ...env, PETA_URL: url }),
    async [Symbol.asyncDispose]() {
      await core.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
  await options.prepare?.(home)
  await core.start()
  return core
}

async function untilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + READY_MS
  for (;;) {
    const isUp = await fetch(`${url}/health`).then(
      (r) => r.ok,
      () => false,
    )
    if (isUp) return
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`Core did not start:\n${output()}`)
    await new Promise((done) => setTimeout(done, 25))
  }
}

/** Starts Core where it is expected to refuse; resolves with how it ended. */
export async function startRefused(env: Readonly<Record<string, string>>): Promise<CliResult> {
  const child = spawn(process.execPath, [...NODE_FLAGS, CORE], {
    env: { ...inherited(), ...env },
  })
  return collect(child)
}

async function runCli(
  args: readonly string[],
  input: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<CliResult> {
  const child = spawn(process.execPath, [...NODE_FLAGS, CLI, ...args], { env })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input ?? '')
  return collect(child)
}

async function collect(child: ChildProcess): Promise<CliResult> {
  const texts = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => (texts.stdout += String(chunk)))
  child.stderr?.on('data', (chunk) => (texts.stderr += String(chunk)))
  await once(child, 'close')
  return { code: child.exitCode, ...texts }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
