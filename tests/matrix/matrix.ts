import { fileURLToPath } from 'node:url'

import { startTestCore } from '../support/core.ts'
import { installServer } from '../support/everything-runs.ts'
import { becomeOwner, issueToken, publishRules } from '../support/owner.ts'
import { connectSseWire } from '../support/sse-wire-client.ts'
import {
  connectWire,
  REVISIONS,
  type Answers,
  type Revision,
  type WireClient,
  type WireClientOptions,
} from '../support/wire-client.ts'
import { CLIENTS, FEATURES, TRANSPORTS, whyNot, type Cell, type Scene } from './features.ts'
import { startMatrixServer } from './http-server.ts'
import { startSseServer } from './sse-server.ts'

export type Outcome = Cell &
  Readonly<{
    feature: string
    verdict: 'ok' | 'impossible' | 'failed'
    /** Why it is impossible, or what went wrong. */
    reason: string
  }>

const ACTIONS = '[tool.call, client.elicit, client.sample, client.roots]'
const RULES = `
rules:
  - id: agents-inherit
    scope: { principals: ["agent-label:owned"], actions: ${ACTIONS}, resources: [any] }
    effect: allow
  - id: everything-runs
    scope: { principals: [any], actions: ${ACTIONS}, resources: [any] }
    effect: allow
`

const STDIO_SERVER = fileURLToPath(new URL('stdio-server.ts', import.meta.url))

/** Tries every feature between every client and every server, with one real Core in between (MCP-174). */
export async function runMatrix(
  told: (outcome: Outcome) => void,
  isWanted: (cell: Cell) => boolean = () => true,
): Promise<void> {
  await using parts = new AsyncDisposableStack()
  const core = parts.use(await startTestCore())
  const owner = await becomeOwner(core)
  await publishRules(owner, RULES)
  const params = { workspace: owner.workspace }
  await owner.peta.call('profiles.create', { params, body: { name: 'older', sse: true } })
  const address = { url: `${core.url}/mcp`, token: await issueToken(owner) }
  for (const one of CLIENTS) {
    const asked = await connect(one, {
      ...address,
      capabilities: CAPABILITIES[one.client],
      answers,
    })
    const quiet = await connect(one, { ...address, capabilities: {} })
    for (const cell of cellsOf(one).filter(isWanted)) {
      const isPossible = FEATURES.some((feature) => whyNot(feature, cell) === undefined)
      if (isPossible) await installServer(owner, slugOf(cell), await launchOf(parts, cell))
      await tryCell(cell, { asked, quiet }, told)
    }
  }
}

type Client = Pick<Cell, 'client' | 'way'>

const connect = (
  { client, way }: Client,
  { url, ...options }: Omit<WireClientOptions, 'revision'>,
): Promise<WireClient> =>
  way === 'sse'
    ? connectSseWire({ ...options, url: `${url}/older/sse` })
    : connectWire({ ...options, url, revision: client })

/** A server for each pair, because a process that ends too often is not started again. */
async function launchOf(
  parts: AsyncDisposableStack,
  { server, transport }: Cell,
): Promise<Parameters<typeof installServer>[2]> {
  if (transport === 'stdio') {
    return { kind: 'stdio', command: process.execPath, args: [STDIO_SERVER, server] }
  }
  const isSse = transport === 'sse'
  const { url } = parts.use(await (isSse ? startSseServer() : startMatrixServer(server)))
  return { kind: 'http', url, allowLoopback: true }
}

const slugOf = ({ client, way, server, transport }: Cell): string =>
  `${way === 'sse' ? 'e' : 'c'}${REVISIONS.indexOf(client)}-s${REVISIONS.indexOf(server)}-${transport}`

const cellsOf = (client: Client): readonly Cell[] =>
  REVISIONS.flatMap((server) => TRANSPORTS.map((transport) => ({ ...client, server, transport })))

async function tryCell(
  cell: Cell,
  clients: Readonly<{ asked: WireClient; quiet: WireClient }>,
  told: (outcome: Outcome) => void,
): Promise<void> {
  const slug = slugOf(cell)
  const scene: Scene = { ...cell, ...clients, named: (tool) => `${slug}__${tool}` }
  for (const feature of FEATURES) {
    const place = { ...cell, feature: feature.name }
    const why = whyNot(feature, cell)
    if (why !== undefined) {
      told({ ...place, verdict: 'impossible', reason: why })
      continue
    }
    const problem = await feature.run(scene).catch((error: unknown) => String(error))
    const verdict = problem === undefined ? 'ok' : 'failed'
    told({ ...place, verdict, reason: problem ?? '' })
  }
}

const OLD = { sampling: {}, roots: {} }
const BOTH_MODES = { ...OLD, elicitation: { form: {}, url: {} } }

/** What a client of each revision can be asked. */
const CAPABILITIES: Readonly<Record<Revision, Readonly<Record<string, unknown>>>> = {
  '2024-11-05': OLD,
  '2025-03-26': OLD,
  '2025-06-18': { ...OLD, elicitation: {} },
  '2025-11-25': BOTH_MODES,
  '2026-07-28': BOTH_MODES,
}

const answers: Answers = (method, { message, mode }) => {
  if (method === 'roots/list') return { roots: [{ uri: 'file:///home/ana', name: 'Home' }] }
  if (method === 'sampling/createMessage') {
    return { role: 'assistant', content: { type: 'text', text: 'Paris' }, model: 'test-model' }
  }
  if (message === 'Decline?') return { action: 'decline' }
  return mode === 'url' ? { action: 'accept' } : { action: 'accept', content: { name: 'Ana' } }
}
