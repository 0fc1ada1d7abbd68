import { mkdtemp, rm } from 'node:fs/promises'
import { request as startRequest } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { parseConfig } from '../../apps/core/src/config/config.ts'
import { startCore } from '../../apps/core/src/core.ts'
import { systemTimers, type Timers } from '../../apps/core/src/ground/timers.ts'
import { installServer } from '../support/everything-runs.ts'
import { initialize, modernRequest } from '../support/modern-message.ts'
import { completeSetup, issueToken, publishRules } from '../support/owner.ts'
import { rawRequest } from '../support/raw-post.ts'

const SERVER = new URL('../support/stdio-server.mjs', import.meta.url).pathname
const RULES = `
rules:
  - id: everything-runs
    scope: { principals: [any], actions: [tool.call], resources: [any] }
    effect: allow
`
/** So many that no session is kept for the first time any more. */
const WARM_UP = 300
const VISITS = 1000
const HEAP_GROWTH_BYTES_MAX = 4 * 1024 * 1024
const KINDS = ['TCPSocketWrap', 'ProcessWrap', 'PipeWrap', 'timers']
/** What was hung up on is noticed a moment later. */
const SETTLE_TRIES = 200
const SETTLE_MS = 100
const TIME_LIMIT_MS = 240_000

/** Core's own, which keep no process busy and are therefore counted here. */
const running = new Set<object>()
const counted = (start: Timers['after']): Timers['after'] =>
  function startCounted(ms, run) {
    const mark = {}
    running.add(mark)
    const timer = start(ms, () => {
      if (start === systemTimers.after) running.delete(mark)
      run()
    })
    return {
      [Symbol.dispose]() {
        running.delete(mark)
        timer[Symbol.dispose]()
      },
    }
  }
const timers = { after: counted(systemTimers.after), every: counted(systemTimers.every) }

const parts = new AsyncDisposableStack()
let url = ''
let token = ''

/** In this process, whose sockets, children, timers and heap can be counted. */
beforeAll(async () => {
  const home = await mkdtemp(join(tmpdir(), 'peta-leaks-'))
  parts.defer(() => rm(home, { recursive: true, force: true }))
  // The key must not lie where the data does.
  const paths = { data: join(home, 'data'), config: join(home, 'config') }
  const env = { PETA_PORT: '0', PETA_LOG_LEVEL: 'silent' }
  const core = parts.use(await startCore(parseConfig({ env, unknown: [] }, paths), { timers }))
  const link = /#(\S+)/.exec((await core.setupLink()) ?? '')?.[1] ?? ''
  const owner = await completeSetup(core.url, link)
  await installServer(owner, 'test', { kind: 'stdio', command: process.execPath, args: [SERVER] })
  await publishRules(owner, RULES)
  token = await issueToken(owner)
  url = `${core.url}/mcp`
}, 60_000)

afterAll(() => parts.disposeAsync())

const headers = () => ({
  authorization: `Bearer ${token}`,
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
})

const post = (message: unknown, more: Readonly<Record<string, string>> = {}) =>
  rawRequest(url, { headers: { ...headers(), ...more }, body: JSON.stringify(message) })

async function openSession(): Promise<Readonly<Record<string, string>>> {
  const { headers: answered } = await post(initialize(1))
  return { 'mcp-session-id': String(answered['mcp-session-id']) }
}

/** Hangs up as soon as the answer has begun, or the request was read. */
async function hangUp(method: string, more: Readonly<Record<string, string>>, body?: string) {
  const request = startRequest(url, { method, agent: false, headers: { ...headers(), ...more } })
  const gone = Promise.withResolvers<void>()
  request.on('error', () => undefined)
  request.on('close', gone.resolve)
  request.on('response', () => request.destroy())
  request.end(body)
  if (body !== undefined) request.on('finish', () => setImmediate(() => request.destroy()))
  await gone.promise
}

const echo = { name: 'test__echo', arguments: { text: 'hi' } }
const modern = {
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'test__echo',
}

/** Every way to come and go. */
const visits: readonly (() => Promise<unknown>)[] = [
  async () => post(modernRequest(1, 'tools/call', echo), modern),
  async () => hangUp('POST', modern, JSON.stringify(modernRequest(1, 'tools/call', echo))),
  async () => {
    const session = await openSession()
    await post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: echo }, session)
    await rawRequest(url, { method: 'DELETE', headers: { ...headers(), ...session } })
  },
  async () => hangUp('GET', await openSession()),
  async () => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const gone = Promise.withResolvers<void>()
    socket.on('close', () => gone.resolve())
    socket.on('connect', () => socket.write('POST /mcp HTTP/1.1\r\n', () => socket.destroy()))
    await gone.promise
  },
]

async function visit(times: number): Promise<void> {
  for (let nth = 0; nth < times; nth += 1) await visits[nth % visits.length]?.()
}

/** What keeps the process busy, by kind, and timers. */
const held = (): Readonly<Record<string, number>> => {
  const kinds = Map.groupBy(process.getActiveResourcesInfo(), (kind) => kind)
  const busy = Object.fromEntries([...kinds].map(([kind, all]) => [kind, all.length]))
  return { ...busy, timers: running.size }
}

/** What is more than before, once everything had its time to end. */
async function leftOver(before: Readonly<Record<string, number>>): Promise<readonly string[]> {
  let left: readonly string[] = KINDS
  for (let tries = 0; left.length > 0 && tries < SETTLE_TRIES; tries += 1) {
    await pause(SETTLE_MS)
    const now = held()
    left = KINDS.filter((kind) => (now[kind] ?? 0) > (before[kind] ?? 0))
  }
  return left
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('no collector')
  collect()
  return process.memoryUsage().heapUsed
}

it(
  'a thousand visits leave no socket, child, timer or heap behind (MCP-176)',
  async () => {
    await visit(WARM_UP)
    const before = held()
    const heapBefore = heapBytes()
    await visit(VISITS)
    expect(await leftOver(before)).toEqual([])
    expect(heapBytes() - heapBefore).toBeLessThan(HEAP_GROWTH_BYTES_MAX)
  },
  TIME_LIMIT_MS,
)
