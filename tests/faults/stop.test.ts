import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, it } from 'vitest'

import type { TestClient } from '../support/clients.ts'
import { startTestCore, type TestCore } from '../support/core.ts'
import { startCountingServer } from '../support/counting-server.ts'
import { connectFreeAgent, installServer } from '../support/everything-runs.ts'
import { exportedEntries } from '../support/exported-entries.ts'
import { initialize } from '../support/modern-message.ts'
import { becomeOwner, issueToken, verifiedExport, type Owner } from '../support/owner.ts'
import { storedEntryTypes } from '../support/stored-rows.ts'

const STDIO_SERVER = new URL('../support/stdio-server.mjs', import.meta.url).pathname
let lifetime: AsyncDisposableStack
let core: TestCore
let owner: Owner
let client: TestClient

beforeEach(async () => {
  lifetime = new AsyncDisposableStack()
  core = lifetime.use(await startTestCore())
  owner = await becomeOwner(core)
  client = lifetime.use(await connectFreeAgent(owner, core))
})

afterEach(() => lifetime.disposeAsync())

it('lets a call in flight end when it is told to stop, ends its log and leaves nothing unknown', async () => {
  const answer = Promise.withResolvers<void>()
  const server = lifetime.use(await startCountingServer(() => answer.promise))
  await installServer(owner, 'count', { kind: 'http', url: server.url, allowLoopback: true })

  const call = client.call('count__write_note', { key: 'in flight' })
  await expect.poll(() => server.effectsOf('in flight')).toBe(1)
  const stopped = core.stop()
  await untilRefused(core)
  answer.resolve()
  expect(await call).toMatchObject({ isError: false, text: 'in flight' })
  expect(await stopped).toBe(0)

  expect(storedEntryTypes(join(core.home, 'data', 'peta', 'peta.db')).at(-1)).toBe('log.closed')
  await core.start()
  const { report, text } = await verifiedExport(owner, core.home)
  expect(report).toMatchObject({ verdict: 'verified', openIntents: { count: 0 } })
  const types = exportedEntries(text).map(({ type }) => type)
  expect(types).toContain('call.completed')
  expect(types).not.toContain('call.outcome_unknown')
})

it('finds the servers that a killed Core left running, and ends them (RUN-67)', async () => {
  const started = join(core.home, 'started.txt')
  const args = [STDIO_SERVER, '--ignore-term', `--started=${started}`]
  await installServer(owner, 'stubborn', { kind: 'stdio', command: process.execPath, args })
  const { text: pid } = await client.call('stubborn__pid', {})
  expect(await readFile(started, 'utf8')).toContain(pid)

  await core.kill()
  expect(await isRunning(Number(pid))).toBe(true)
  await core.start()
  expect(await isRunning(Number(pid))).toBe(false)
  expect(await client.call('stubborn__pid', {})).toMatchObject({ isError: false })
})

it('ends the stream of a session with a point to come back to, and tells who comes back that it forgot what was missed (MCP-35, MCP-177)', async () => {
  const token = await issueToken(owner, 'older')
  const ask = (
    message?: object,
    headers: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ) =>
    fetch(`${core.url}/mcp`, {
      method: message ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        ...(message && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(message && { body: JSON.stringify(message) }),
      ...(signal && { signal }),
    })
  const session = {
    'mcp-session-id': (await ask(initialize(1))).headers.get('mcp-session-id') ?? '',
  }
  const stream = await ask(undefined, session)
  const stopped = core.stop()
  const [, eventId = ''] = /^retry: \d+\nid: (\S+)\ndata: \n\n$/m.exec(await stream.text()) ?? []
  expect(eventId).not.toBe('')
  expect(await stopped).toBe(0)

  await core.start()
  const resumed = await ask(undefined, { ...session, 'last-event-id': eventId })
  expect([resumed.status, await resumed.json()]).toMatchObject([404, { error: { code: 4041 } }])
  // The session itself outlives the process that began it.
  const leaving = new AbortController()
  const anew = await ask(undefined, session, leaving.signal)
  expect(anew.status).toBe(200)
  leaving.abort()
})

async function untilRefused({ url }: TestCore): Promise<void> {
  const isOpen = async (): Promise<boolean> =>
    (await fetch(`${url}/health`).catch(() => undefined)) !== undefined
  await expect.poll(isOpen).toBe(false)
}

/** A zombie is dead: it only waits for somebody to ask how it ended. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
}
