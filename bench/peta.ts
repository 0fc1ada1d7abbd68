import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { NODE_FLAGS } from '../scripts/node-flags.mjs'
import { cpuOfTree, memoryOf } from './cpu.ts'
import { freePort, untilListening } from './floors.ts'
import { seedPeta } from './seed-peta.ts'
import { openSession, pidOf, stopChild, type Started, type Subject } from './subject.ts'

export type PetaUnderTest = Readonly<{
  subject: Subject
  /** From starting the process to the answer of the first governed call. */
  startMs: number
  /** Memory of a Core that holds nothing yet. */
  emptyMiB: number
}>

const MAIN = join(import.meta.dirname, '../apps/core/src/main.ts')

/**
 * A real Core with everything on, as `npm start` runs it, filled through its API; then started a second time, because a
 * deployment starts with its data there. Undefined while there is no Core to start.
 */
export async function startPeta(echo: Started): Promise<PetaUnderTest | undefined> {
  if (!existsSync(MAIN)) return undefined
  const home = await mkdtemp(join(tmpdir(), 'peta-bench-home-'))
  const port = await freePort()
  const first = await startCore(home, port)
  const emptyMiB = memoryOf(pidOf(first))
  const hostKey = await hostKeyOf(home)
  const { tokens } = await seedPeta({ url: urlOf(port), hostKey, echoPort: echo.port })
  await stopChild(first)

  const started = performance.now()
  const core = await startCore(home, port)
  const authorization = { authorization: `Bearer ${tokens[tokens.length / 2]}` }
  const headers = await openSession(`${urlOf(port)}/mcp`, authorization)
  await callOnce(port, headers)
  const startMs = performance.now() - started
  await expectKey(echo)
  return { subject: subjectOf(home, port, core, headers), startMs, emptyMiB }
}

function subjectOf(
  home: string,
  port: number,
  core: ChildProcess,
  headers: Readonly<Record<string, string>>,
): Subject {
  const pid = pidOf(core)
  const [file] = globSync('data/peta/*.{db,sqlite,sqlite3}', { cwd: home })
  if (!file) throw new Error(`no database under ${home}`)
  const database = new DatabaseSync(join(home, file), { readOnly: true })
  const count = database.prepare(
    `select count(*) as n from audit_event where type = 'call.completed' and outcome is not null`,
  )
  return {
    name: 'Peta',
    port,
    path: '/mcp',
    headers,
    toolName: (tool) => `echo__${tool}`,
    cpu: () => cpuOfTree(pid),
    memory: () => memoryOf(pid),
    recordedCalls: async () => Number(count.get()?.['n']),
    async stop() {
      database.close()
      await stopChild(core)
      await rm(home, { recursive: true, force: true })
    },
  }
}

export async function startCore(
  home: string,
  port: number,
  flags: readonly string[] = [],
): Promise<ChildProcess> {
  const log = await open(join(home, 'core.log'), 'a')
  const child = spawn(process.execPath, [...NODE_FLAGS, ...flags, MAIN], {
    stdio: ['ignore', log.fd, log.fd],
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      HOME: home,
      XDG_DATA_HOME: join(home, 'data'),
      XDG_CONFIG_HOME: join(home, 'config'),
      PETA_PORT: String(port),
    },
  })
  await log.close()
  await untilListening(port, '/health').catch(async (cause: unknown) => {
    throw new Error(`Core did not start:\n${await readFile(join(home, 'core.log'), 'utf8')}`, {
      cause,
    })
  })
  return child
}

async function callOnce(port: number, headers: Readonly<Record<string, string>>): Promise<void> {
  const params = { name: 'echo__echo_280', arguments: { message: 'first' } }
  const answer = await fetch(`${urlOf(port)}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  })
  const text = await answer.text()
  if (!answer.ok || !text.includes('"result"')) throw new Error(`the first call failed: ${text}`)
}

/** A benchmark of calls without their secret would flatter. */
async function expectKey(echo: Started): Promise<void> {
  const counted: unknown = await (await fetch(`${urlOf(echo.port)}/count`)).json()
  const isKeyed =
    typeof counted === 'object' && counted !== null && 'keyed' in counted && counted.keyed === 1
  if (!isKeyed) throw new Error(`the secret was not injected: ${JSON.stringify(counted)}`)
}

export async function hostKeyOf(home: string): Promise<string> {
  return (await readFile(join(home, 'data/peta/host.key'), 'utf8')).trim()
}

export const urlOf = (port: number): string => `http://127.0.0.1:${port}`
