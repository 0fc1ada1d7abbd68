import { fileURLToPath } from 'node:url'

import { createEgress } from '../egress/egress.ts'
import { systemClock } from '../ground/clock.ts'
import { createIds } from '../ground/ids.ts'
import { createLog } from '../ground/log.ts'
import type { ApprovalClaim } from '../model/approval.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { Action, Call, Outlet } from '../model/call.ts'
import type { ArmedCall, Credential, CredentialSet } from '../model/clearance.ts'
import type { Person, Principal } from '../model/principal.ts'
import type { CatalogueItem } from '../model/server.ts'
import { parseClientMessage } from '../protocol/frame.ts'
import { openTestStore, type TestStore } from '../store/testing.ts'
import type { DefinitionInput } from './registry/definition.ts'
import type { Draft } from './registry/draft.ts'
import { createExecutables } from './launch/executable.ts'
import { isOffered } from './catalogue/entries.ts'
import { createRuntime, type Runtime, type RuntimeParts } from './runtime.ts'
import { systemTimers } from '../ground/timers.ts'

/** Builders for the tests of this folder. */

export const WORKSPACE = 'wsp_1'

const STDIO_SERVER = fileURLToPath(
  new URL('../../../../tests/support/stdio-server.mjs', import.meta.url),
)

const newId = createIds(systemClock)

/** Shared, because the digest of Node itself takes longer than most tests. */
const executables = createExecutables()

export const admin: Person = {
  workspaceId: WORKSPACE,
  userId: 'usr_1',
  email: 'ana@example.com',
  name: 'Ana',
  role: 'admin',
  groups: [],
  sessionId: 'ses_1',
}

export const member: Person = { ...admin, userId: 'usr_2', role: 'member' }

const principal = (agentId = 'agt_1'): Principal => ({
  workspaceId: WORKSPACE,
  agent: {
    id: agentId,
    name: 'agent',
    ownerId: 'usr_1',
    labels: [],
    client: 'test',
    kind: 'service',
  },
  tokenId: 'tok_1',
  scopeKey: agentId,
})

const draft: Draft = ({ type, workspaceId, outcome, actorId, target, fields }) => ({
  id: newId('evt'),
  tsMs: 0,
  workspaceId,
  type,
  ...(outcome && { outcome }),
  ...(actorId && { actorId }),
  ...(target && { target }),
  fields: JSON.stringify(fields ?? {}),
})

export const stdioDefinition = (
  flags: readonly string[] = [],
  over: Partial<DefinitionInput> = {},
): DefinitionInput => ({
  slug: 'test',
  title: 'Test',
  labels: [],
  era: 'auto',
  launch: { kind: 'stdio', command: process.execPath, args: [STDIO_SERVER, ...flags], env: {} },
  inFlightMax: 16,
  idleStopMs: 300_000,
  ...over,
})

export const httpDefinition = (
  url: string,
  over: Partial<DefinitionInput> = {},
): DefinitionInput => ({
  ...stdioDefinition(),
  launch: { kind: 'http', url, allowLoopback: true },
  ...over,
})

export function credentialSet(
  credentials: readonly Credential[] = [],
  secret?: string,
): CredentialSet {
  const hide = (bytes: Buffer): Buffer =>
    secret === undefined
      ? bytes
      : Buffer.from(bytes.toString('utf8').replaceAll(secret, '[secret]'))
  const nothing = { push: hide, end: () => Buffer.alloc(0), hits: () => [] }
  return {
    version: 'v1',
    credentials,
    secrets: [],
    scrubber: {
      isIdle: secret === undefined,
      scrub: (bytes) => ({ bytes: hide(bytes), hits: [] }),
      stream: () => nothing,
    },
  }
}

export type TestRuntime = AsyncDisposable &
  Readonly<{
    runtime: Runtime
    store: TestStore
    events: () => readonly AuditDraft[]
    /** Installs, reads the lists, accepts all of them. */
    ready: (input: DefinitionInput) => Promise<string>
    call: (serverId: string, name: string, args?: object, over?: CallOver) => Promise<CallOutcome>
  }>

export type CallOver = Readonly<{
  signal?: AbortSignal
  outlet?: Outlet
  agentId?: string
  action?: Action
  /** Where it is not the one that its action usually has. */
  method?: string
  credentials?: CredentialSet
  meta?: object
  clientEra?: Call['clientEra']
  showsApps?: boolean
  /** As of a call that a person approved. */
  claim?: ApprovalClaim
}>

export type CallOutcome = Readonly<{ text: string; isError: boolean; message: unknown }>

export async function openTestRuntime(over: Partial<RuntimeParts> = {}): Promise<TestRuntime> {
  const store = await openTestStore()
  const egress = createEgress()
  const runtime = await createRuntime({
    store,
    clock: systemClock,
    timers: systemTimers,
    random: () => 0,
    newId,
    draft,
    log: createLog('silent'),
    egress,
    executables,
    connectCredentials: async () => credentialSet(),
    beforeSend: () => {},
    gatewayId: newId('gw'),
    bootId: newId('boot'),
    probeMs: 500,
    ...over,
  })
  await runtime.load(WORKSPACE)

  return {
    runtime,
    store,
    events: store.drafts,
    async ready(input) {
      const { id } = await runtime.install(admin, input)
      await runtime.refresh(WORKSPACE, id)
      await runtime.accept(admin, id, { items: 'all', labels: ['read'] })
      return id
    },
    async call(serverId, name, args = {}, options = {}) {
      const armed = arm(runtime, serverId, name, args, options)
      const signal = options.signal ?? new AbortController().signal
      const result = await runtime.run(armed, options.outlet ?? { notify() {} }, signal)
      const message: unknown = JSON.parse(result.bytes.toString('utf8'))
      return { message, isError: result.isError, text: textOf(message) }
    },
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]()
      await egress[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

// oxlint-disable-next-line max-params -- a builder for tests
export function arm(
  runtime: Runtime,
  serverId: string,
  name: string,
  args: object,
  over: CallOver,
): ArmedCall {
  const { agentId, action = 'tool.call', method = METHODS[action], credentials, meta, claim } = over
  const definition = runtime.server(WORKSPACE, serverId)
  if (!definition) throw new Error(`no server ${serverId}`)
  const target = action === 'resource.read' ? { uri: 'client:uri' } : { name: 'client-name' }
  const params = { ...target, arguments: args, ...(meta && { _meta: meta }) }
  const message = { jsonrpc: '2.0', id: 'client-id', method, params }
  const parsed = parseClientMessage(Buffer.from(JSON.stringify(message)))
  if (parsed.kind !== 'request') throw new Error('not a request')
  const item = itemsOf(runtime, serverId).find((one) => one.name === name)
  const call: Call = {
    id: newId('call'),
    workspaceId: WORKSPACE,
    action,
    method,
    server: definition,
    ...(item && { item }),
    name,
    args,
    frame: parsed.frame,
    clientEra: over.clientEra ?? 'legacy',
    showsApps: over.showsApps ?? false,
    clientIp: '127.0.0.1',
    receivedAtMs: 0,
  }
  const clearance = {
    purpose: 'call',
    principal: principal(agentId),
    call,
    ...(claim && { claim }),
  }
  const armed = { clearance, credentials: credentials ?? credentialSet() }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the brands have no value to construct
  return armed as unknown as ArmedCall
}

const METHODS: Readonly<Record<Action, string>> = {
  'tool.call': 'tools/call',
  'resource.read': 'resources/read',
  'prompt.get': 'prompts/get',
  'completion.get': 'completion/complete',
  'client.sample': 'sampling/createMessage',
  'client.elicit': 'elicitation/create',
  'client.roots': 'roots/list',
  'rpc.other': 'x/other',
}

export const itemNamed = (runtime: Runtime, serverId: string, name: string): CatalogueItem => {
  const item = itemsOf(runtime, serverId).find((one) => one.name === name)
  if (!item) throw new Error(`no item ${name}`)
  return item
}

const itemsOf = (runtime: Runtime, serverId: string): readonly CatalogueItem[] =>
  runtime
    .items(WORKSPACE, serverId)
    .map(({ item }) => item)
    .filter(isOffered)

function textOf(message: unknown): string {
  const content = memberOf(memberOf(message, 'result'), 'content')
  const first: unknown = Array.isArray(content) ? content[0] : undefined
  return String(memberOf(first, 'text'))
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined
