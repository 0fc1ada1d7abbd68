import { fileURLToPath } from 'node:url'

import { startTestCore } from '../support/core.ts'
import { becomeOwner, issueToken, publishRules, type Owner } from '../support/owner.ts'
import { seededRandom } from '../support/seeded-random.ts'
import {
  connectWire,
  type Revision,
  type WireClient,
  type WireMessage,
} from '../support/wire-client.ts'
import { startMatrixServer } from './http-server.ts'

const STDIO_SERVER = fileURLToPath(new URL('stdio-server.ts', import.meta.url))
const RULES = `
rules:
  - id: everything-runs
    scope: { principals: [any], actions: [tool.call], resources: [any] }
    effect: allow
`
const WORKERS_EACH = 12
const PAUSE_MS_MAX = 4
const REVISIONS: readonly Revision[] = ['2025-11-25', '2026-07-28']
const SERVERS = ['pipes', 'older', 'newer']
const STRAYS_MAX = 5

type Caller = Readonly<{ agent: string; client: WireClient }>

/**
 * Two agents call the same servers, across each other and with the same ids and tokens. Gives what came back that was
 * about another call, which should be nothing (MCP-56, MCP-176).
 */
export async function findStrayFrames(calls: number): Promise<readonly string[]> {
  await using parts = new AsyncDisposableStack()
  const core = parts.use(await startTestCore())
  const owner = await becomeOwner(core)
  await install(owner, parts)
  await publishRules(owner, RULES)
  const strays: string[] = []
  let last = 0
  const work = async (caller: Caller): Promise<void> => {
    while (last < calls && strays.length < STRAYS_MAX) {
      last += 1
      strays.push(...(await callOnce(caller, last)))
    }
  }
  const callers = await connectCallers(owner, `${core.url}/mcp`)
  const workers = callers.flatMap((caller) => Array<Caller>(WORKERS_EACH).fill(caller))
  await Promise.all(workers.map(work))
  return strays
}

async function connectCallers(owner: Owner, url: string): Promise<readonly Caller[]> {
  const callers: Caller[] = []
  for (const agent of ['ana', 'ben']) {
    const token = await issueToken(owner, agent)
    for (const revision of REVISIONS) {
      callers.push({ agent, client: await connectWire({ url, token, revision, capabilities: {} }) })
    }
  }
  return callers
}

async function install({ peta, workspace }: Owner, parts: AsyncDisposableStack): Promise<void> {
  const params = { workspace }
  const older = parts.use(await startMatrixServer('2025-11-25'))
  const newer = parts.use(await startMatrixServer('2026-07-28'))
  const args = [STDIO_SERVER, '2025-11-25']
  const launches = {
    pipes: { kind: 'stdio', command: process.execPath, args },
    older: { kind: 'http', url: older.url, allowLoopback: true },
    newer: { kind: 'http', url: newer.url, allowLoopback: true },
  } as const
  for (const [slug, launch] of Object.entries(launches)) {
    const body = { slug, launch, inFlightMax: 64 }
    const { id: server } = await peta.call('servers.install', { params, body })
    await peta.call('items.accept', { params: { ...params, server }, body: { items: 'all' } })
  }
}

/** Everything that came back for one call, which should all be about it. */
async function callOnce({ client, agent }: Caller, nth: number): Promise<readonly string[]> {
  const random = seededRandom(nth)
  const text = `${agent} ${client.revision} ${nth}`
  const pauseMs = Math.floor(random() * PAUSE_MS_MAX)
  // Both agents use the same tokens, and the same ids of requests.
  const params = {
    name: `${SERVERS[nth % SERVERS.length]}__mirror`,
    arguments: { text, pauseMs },
    _meta: { progressToken: nth },
  }
  const seen: unknown[] = []
  const onMessage = ({ params: note }: WireMessage): void =>
    void seen.push([note?.['progressToken'], note?.['progress'], note?.['message']])
  const { result } = await client.request('tools/call', params, { onMessage })
  const expected = [[nth, 1, text], [nth, 2, text], [{ type: 'text', text }]]
  const got = JSON.stringify([...seen, result?.['content']])
  return got === JSON.stringify(expected) ? [] : [`${text}: ${got}`]
}
