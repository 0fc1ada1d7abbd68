import type { Clock } from '../ground/clock.ts'
import { createIds } from '../ground/ids.ts'
import { createLog } from '../ground/log.ts'
import { Secret } from '../ground/secret.ts'
import type { CallClearance, ConnectClearance, CredentialSet } from '../model/clearance.ts'
import type { Person } from '../model/principal.ts'
import type { ServerDefinition } from '../model/server.ts'
import { openTestStore, type TestStore } from '../store/testing.ts'
import type { BindingRequest } from './binding.ts'
import { createEnvironmentSealer } from './sealers/environment.ts'
import { createVault, type Vault } from './vault.ts'

/** A vault over a real store, with one HTTP server and one process to bind to. */
export type World = AsyncDisposable &
  Readonly<{
    store: TestStore
    vault: Vault
    servers: Map<string, ServerDefinition>
    clock: { now: number }
    /** Another process over the same database. */
    twin: (key?: string, store?: TestStore) => Vault
    createToken: (bindings?: readonly BindingRequest[], value?: string) => Promise<string>
    injected: (clearance?: CallClearance) => Promise<CredentialSet>
  }>

export const never: AbortSignal = new AbortController().signal
export const TOKEN = 'ghp_w8Xk2LmQ9vR4tYzB7nCdE1fGhJ3kM5pS6uVa'
const SEALER_KEY = 'A'.repeat(43)

export const person: Person = {
  workspaceId: 'ws_1',
  userId: 'usr_1',
  email: 'ana@example.com',
  name: 'Ana',
  role: 'owner',
  groups: [],
  sessionId: 'ses_1',
}

export const httpServer: ServerDefinition = {
  id: 'srv_http',
  slug: 'github',
  labels: [],
  transport: 'http',
  workspaceId: 'ws_1',
  version: 1,
  hash: 'hash-1',
  title: 'GitHub',
  enabled: true,
  era: 'auto',
  launch: { kind: 'http', url: 'https://api.example.com/mcp', allowLoopback: false },
  inFlightMax: 10,
  idleStopMs: 0,
}

export const stdioServer: ServerDefinition = {
  ...httpServer,
  id: 'srv_stdio',
  slug: 'files',
  transport: 'stdio',
  launch: { kind: 'stdio', command: '/bin/true', args: [], env: {} },
}

export async function openWorld(): Promise<World> {
  const clock = { now: 1_800_000_000_000 }
  const store = await openTestStore({ clock: { nowMs: () => clock.now } })
  const servers = new Map([httpServer, stdioServer].map((server) => [server.id, server]))
  const twin: World['twin'] = (key = SEALER_KEY, over = store) =>
    vaultOver({ store: over, servers, clock }, key)
  const vault = twin()
  await vault.unseal(never)
  return {
    store,
    vault,
    servers,
    clock,
    twin,
    createToken: (bindings = [header], value = TOKEN) =>
      vault.create(person, { name: 'token', kind: 'api_key', value: new Secret(value), bindings }),
    injected: async (clearance = callClearance()) =>
      (await vault.inject(clearance, never)).credentials,
    async [Symbol.asyncDispose]() {
      vault[Symbol.dispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

function vaultOver(
  { store, servers, clock }: Pick<World, 'store' | 'servers' | 'clock'>,
  key: string,
): Vault {
  const time: Clock = { nowMs: () => clock.now, monotonicUs: () => clock.now * 1000 }
  const newId = createIds(time)
  return createVault({
    store,
    sealer: createEnvironmentSealer(new Secret(key)),
    clock: time,
    newId,
    log: createLog('silent'),
    draft: (event) => ({
      id: newId('evt'),
      tsMs: clock.now,
      ...event,
      fields: JSON.stringify(event.fields ?? {}),
    }),
    serverOf: (_workspaceId, serverId) => servers.get(serverId),
  })
}

export const header = {
  serverId: httpServer.id,
  target: 'header',
  name: 'authorization',
  prefix: 'Bearer ',
  hosts: ['api.example.com'],
} as const satisfies BindingRequest

export const variable = {
  serverId: stdioServer.id,
  target: 'env',
  name: 'API_TOKEN',
} as const satisfies BindingRequest

export function callClearance(
  server: ServerDefinition = httpServer,
  tool = 'search',
): CallClearance {
  const clearance = {
    purpose: 'call',
    principal: { workspaceId: 'ws_1', agent: { id: 'agt_1' }, tokenId: 't', scopeKey: 's' },
    call: { id: 'call_1', workspaceId: 'ws_1', action: 'tool.call', name: tool, server },
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the gateway makes real ones
  return clearance as unknown as CallClearance
}

export function connectClearance(server: ServerDefinition): ConnectClearance {
  const clearance = { purpose: 'connect', workspaceId: 'ws_1', server, eventId: 'evt_1' }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only a recorded act makes real ones
  return clearance as unknown as ConnectClearance
}
