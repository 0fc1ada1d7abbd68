import { systemTimers } from '../ground/timers.ts'
import type { Call, Outlet } from '../model/call.ts'
import type { CatalogueEntry, CatalogueSnapshot } from '../model/catalogue.ts'
import type { Decision } from '../model/decision.ts'
import type { Principal } from '../model/principal.ts'
import type { Profile } from '../model/profile.ts'
import type { CatalogueItem, ItemKind, ServerRef } from '../model/server.ts'
import { exposedName, exposedUri } from '../protocol/names.ts'
import type { Task, TaskKey } from '../model/task.ts'
import type { GovernedCall, GovernedOutcome } from './governed-call.ts'
import { createMcp, type Mcp, type McpDeps } from './mcp.ts'
import type { McpReply } from './outcome.ts'
import type { Orphan, TaskRecords } from './tasks/task-records.ts'
import { createOwnTools } from './own-tools.ts'

/** Builders for the gateway's tests: a workspace with one server, and a governed call that a test scripts. */

const testServer: ServerRef = { id: 'srv_1', slug: 'files', labels: [], transport: 'stdio' }

export function testItem(
  kind: ItemKind,
  definition: Readonly<Record<string, unknown>>,
  overrides: Partial<CatalogueItem> = {},
): CatalogueItem {
  const name = String(definition['uriTemplate'] ?? definition['uri'] ?? definition['name'])
  const isUri = kind === 'resource' || kind === 'resource_template'
  const named = { alias: testServer.slug, serverId: testServer.id, name }
  return {
    serverId: testServer.id,
    kind,
    name,
    exposed: isUri ? exposedUri(testServer.slug, name) : exposedName(named, () => false),
    definition: JSON.stringify(definition),
    pin: `pin of ${kind} ${JSON.stringify(definition)}`,
    state: 'accepted',
    labels: [],
    risk: 0,
    ...overrides,
  }
}

export const echoTool = testItem('tool', {
  name: 'echo',
  description: 'Says it again',
  inputSchema: {
    type: 'object',
    properties: { text: { type: 'string', pattern: '^[^<]*$' } },
    required: ['text'],
    additionalProperties: false,
  },
})

export const testItems: readonly CatalogueItem[] = [
  echoTool,
  testItem('tool', { name: 'secret', inputSchema: { type: 'object' } }),
  testItem('tool', { name: 'new', inputSchema: { type: 'object' } }, { state: 'quarantined' }),
  testItem('prompt', { name: 'greet', arguments: [{ name: 'who' }] }),
  testItem('resource', { uri: 'note:///one', name: 'One' }),
  testItem('resource_template', { uriTemplate: 'note:///{name}', name: 'Any note' }),
]

export const testPrincipal: Principal = {
  workspaceId: 'ws_1',
  agent: {
    id: 'agt_1',
    name: 'Bot',
    ownerId: 'usr_1',
    labels: [],
    client: 'test',
    kind: 'service',
  },
  tokenId: 'tok_1',
  scopeKey: 'scope 1',
}

/** Holds everything, and shows the one server by its own names. */
export const testProfile: Profile = {
  workspaceId: 'ws_1',
  name: 'bare',
  title: 'Bare',
  servers: 'all',
  tools: 'all',
  unprefixed: 'files',
  disclosure: 'list',
  favourites: [],
  overrides: [],
  eras: 'any',
  appCalls: false,
  sse: false,
  revision: 1,
}

export const snapshotOf = (items: readonly CatalogueItem[], version = 1): CatalogueSnapshot => ({
  version,
  entries: items.map((item): CatalogueEntry => ({ server: testServer, item })),
  degraded: [],
})

/** What the scripted server answers: a result, or the whole outcome. */
export type Script = (call: Call, outlet: Outlet, signal: AbortSignal) => Promise<GovernedOutcome>

export const serverResult = (result: unknown, serverEra: 'modern' | 'legacy' = 'legacy') =>
  serverFrame({ jsonrpc: '2.0', id: 99, result }, serverEra)

export function serverFrame(
  frame: Readonly<Record<string, unknown>>,
  serverEra: 'modern' | 'legacy' = 'legacy',
): GovernedOutcome {
  const bytes = Buffer.from(JSON.stringify(frame))
  return { state: 'done', result: { bytes, serverEra, isError: 'error' in frame } }
}

const echo: Script = async ({ args }) =>
  serverResult({ content: [{ type: 'text', text: JSON.stringify(args) }] })

export const allowed: Decision = {
  effect: 'allow',
  reason: 'rules',
  policyVersion: 1,
  matched: [],
  shadow: [],
  obligations: {},
}

/** No rule names a method that Peta does not know. */
const denied: Decision = { ...allowed, effect: 'deny', reason: 'no_rule' }

export type TestMcp = Mcp &
  Readonly<{
    calls: readonly Call[]
    /** One modern request, with the headers that it needs unless told otherwise. */
    ask: (method: string, params?: object, options?: AskOptions) => Promise<McpReply>
  }>

export type AskOptions = Readonly<{
  id?: string | number
  meta?: object
  headers?: Readonly<Record<string, string | undefined>>
  outlet?: Outlet
  principal?: Principal
  profile?: Profile
  signal?: AbortSignal
}>

export const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}

export function createTestMcp(overrides: Partial<McpDeps> = {}, script: Script = echo): TestMcp {
  const calls: Call[] = []
  const governedCall: GovernedCall = (_principal, call, outlet, signal) => {
    calls.push(call)
    return script(call, outlet, signal)
  }
  const snapshot = snapshotOf(testItems)
  let ids = 0
  const mcp = createMcp({
    catalogue: () => snapshot,
    narrow: (offered) => offered,
    isListed: (_principal, _server, item) => item.name !== 'secret',
    policyVersion: () => 1,
    readsArguments: () => false,
    governedCall,
    ownTools: createOwnTools([]),
    decide: (_principal, { action }) => (action === 'rpc.other' ? denied : allowed),
    records: createTestRecords(),
    approvalUrl: (id) => `https://peta.test/approvals#${id}`,
    approvals: { progress: async () => undefined, cancel: async () => undefined },
    viewerOf: () => ({ principal: testPrincipal }),
    clock: { nowMs: () => 1_000 },
    timers: systemTimers,
    newId: (prefix) => `${prefix}_${(ids += 1).toString(16).padStart(32, '0')}`,
    log: { error: () => {} },
    version: '1.2.3',
    ...testSealing,
    ...overrides,
  })
  return {
    ...mcp,
    calls,
    ask: (method, params, options) =>
      askModern(mcp, { method, ...(params && { params }), ...(options && { options }) }),
  }
}

function askModern(
  mcp: Mcp,
  { method, params = {}, options = {} }: { method: string; params?: object; options?: AskOptions },
): Promise<McpReply> {
  const { id = 1, meta = modernMeta, outlet = { notify: () => {} } } = options
  const body = Buffer.from(
    JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } }),
  )
  const named = Object.entries(params).find(
    ([key]) => key === 'name' || key === 'uri' || key === 'taskId',
  )?.[1]
  const headers = {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(typeof named === 'string' && { 'mcp-name': named }),
    accept: 'application/json, text/event-stream',
    ...options.headers,
  }
  const principal = options.principal ?? testPrincipal
  const signal = options.signal ?? new AbortController().signal
  const { profile } = options
  const caller = { principal, ...(profile && { profile }) }
  return mcp.handle(
    { ...caller, body, headers, clientIp: '127.0.0.1', viewer: () => caller },
    outlet,
    signal,
  )
}

/** Tasks in memory, by the rules of those that are kept; with what another process is to have left behind. */
export function createTestRecords(
  orphans: readonly Orphan[] = [],
): TaskRecords & Readonly<{ all: () => readonly Task[] }> {
  const tasks = new Map(orphans.map(({ task }) => [task.id, task]))
  const change = (id: string, over: Partial<Task>): boolean => {
    const task = tasks.get(id)
    if (task?.state !== 'working') return false
    tasks.set(id, { ...task, ...over })
    return true
  }

  return {
    all: () => [...tasks.values()],
    async open({ workspaceId, owner, approvalId, keepMs }) {
      const id = `task-${tasks.size + 1}`
      const times = { createdAtMs: 0, changedAtMs: 0, expiresAtMs: keepMs, nowMs: 0 }
      const task = { workspaceId, owner, id, state: 'working' as const, ...times }
      const kept = { ...task, ...(approvalId !== undefined && { approvalId }) }
      tasks.set(id, kept)
      return kept
    },
    async read(key) {
      const task = tasks.get(key.id)
      return task && isOf(task, key) ? task : undefined
    },
    list: async (page) =>
      [...tasks.values()]
        .filter((task) => isOf(task, { ...page, id: task.id }))
        .toReversed()
        .filter(({ id }) => page.before === undefined || id < page.before.id)
        .slice(0, page.limit),
    end: async ({ id }, { state, outcome }) => change(id, { state, outcome }),
    cancel: async ({ id }) => change(id, { state: 'cancelled' }),
    async adopt(adopt) {
      for (const orphan of orphans) adopt(orphan)
    },
  }
}

const isOf = (task: Task, { workspaceId, owner }: TaskKey): boolean =>
  task.workspaceId === workspaceId && task.owner === owner

/** Reversible and bound to its purpose, which is all the gateway relies on. */
const testSealing: Pick<McpDeps, 'seal' | 'open'> = {
  seal: (purpose, text) => Buffer.from(`${purpose}|${text}`).toString('base64url'),
  open(purpose, sealed) {
    const text = Buffer.from(sealed, 'base64url').toString()
    return text.startsWith(`${purpose}|`) ? text.slice(purpose.length + 1) : undefined
  },
}
