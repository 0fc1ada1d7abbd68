import { execFile, spawn } from 'node:child_process'
import { chown, mkdir, readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

import { Client } from 'pg'

export type RunningServer = Readonly<{ port: number; pid: number }>

const run = promisify(execFile)
const VERSION_MIN = 15
const NOBODY = 65_534
const START_MS_MAX = 30_000
const POLL_MS = 50

/**
 * Starts the system's PostgreSQL on a loopback port, never as root. A shell watches the runner and stops the server when
 * the runner is gone, whatever ended it.
 */
export async function startServer(home: string, runnerPid: number): Promise<RunningServer> {
  const bin = await findBinaries()
  const as = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const data = join(home, 'data')
  await mkdir(data, { mode: 0o700 })
  if (as.uid !== undefined) await chown(data, as.uid, as.gid)

  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', HOME: home }
  const init = ['-D', data, '-U', 'peta', '--auth=trust', '--encoding=UTF8', '--locale=C', '-N']
  await run(join(bin, 'initdb'), init, { ...as, env, cwd: data })

  const port = await freePort()
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=200',
    'shared_buffers=32MB',
    'log_min_messages=fatal',
  ].flatMap((setting) => ['-c', setting])
  const child = spawn(join(bin, 'postgres'), ['-D', data, ...settings], {
    ...as,
    env,
    cwd: data,
    detached: true,
    stdio: 'ignore',
  })
  child.unref()
  const { pid } = child
  if (pid === undefined) throw new Error('PostgreSQL did not start')
  watchRunner(runnerPid, pid)
  await untilItAnswers(port)
  return { port, pid }
}

/** SIGINT is PostgreSQL's fast shutdown: sessions end, data is left whole. */
function watchRunner(runnerPid: number, serverPid: number): void {
  const script = 'while kill -0 "$1" && kill -0 "$2"; do sleep 1; done; kill -INT "$2"'
  const words = ['-c', script, 'watch', String(runnerPid), String(serverPid)]
  spawn('sh', words, { detached: true, stdio: 'ignore' }).unref()
}

async function untilItAnswers(port: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < START_MS_MAX; waitedMs += POLL_MS) {
    const client = new Client({ host: '127.0.0.1', port, user: 'peta', database: 'postgres' })
    client.on('error', () => undefined)
    const isUp = await client.connect().then(
      () => true,
      () => false,
    )
    await client.end().catch(() => undefined)
    if (isUp) return
    await pause(POLL_MS)
  }
  throw new Error('PostgreSQL does not answer')
}

/** The newest under Debian's folder, or what is on the PATH. */
async function findBinaries(): Promise<string> {
  const installed = '/usr/lib/postgresql'
  const versions = await readdir(installed).catch(() => [])
  const newest = versions
    .map(Number)
    .filter(Number.isInteger)
    .toSorted((a, b) => b - a)
  const places = [
    ...newest
      .filter((version) => version >= VERSION_MIN)
      .map((v) => join(installed, `${v}`, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ]
  for (const place of places) if (await isNewEnough(place)) return place
  throw new Error(
    `These tests need PostgreSQL ${VERSION_MIN} or newer and found none. ` +
      'Install it, for instance with: apt-get install postgresql (Debian), brew install postgresql@17 (macOS)',
  )
}

async function isNewEnough(place: string): Promise<boolean> {
  const { stdout } = await run(join(place, 'postgres'), ['--version']).catch(() => ({ stdout: '' }))
  const initdb = await readFile(join(place, 'initdb')).then(
    () => true,
    () => false,
  )
  return initdb && Number(/ (\d+)/.exec(stdout)?.[1] ?? 0) >= VERSION_MIN
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => void server.close(resolve))
  if (typeof address !== 'object' || !address) throw new Error('no port is free')
  return address.port
}
