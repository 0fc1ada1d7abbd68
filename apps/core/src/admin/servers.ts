import type { RouteResponse } from '@peta/contract'

import { CoreError, isCoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import type { ReviewedItem, ServerDefinition } from '../model/server.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { AdminCommands } from './command.ts'
import { pageOf } from './page.ts'

export type ServerParts = Readonly<{
  runtime: Pick<
    Runtime,
    | 'servers'
    | 'items'
    | 'status'
    | 'logs'
    | 'install'
    | 'update'
    | 'enable'
    | 'disable'
    | 'remove'
    | 'refresh'
    | 'accept'
    | 'reject'
  >
}>

type Names =
  | 'servers.list'
  | 'servers.install'
  | 'servers.read'
  | 'servers.change'
  | 'servers.remove'
  | 'servers.refresh'
  | 'servers.logs'
  | 'items.list'
  | 'items.accept'
  | 'items.reject'

type ServerView = RouteResponse<'servers.read'>

const MINUTE_MS = 60_000

/** Servers, and the review of what they offer. */
export function serverCommands(parts: ServerParts): Pick<AdminCommands, Names> {
  return { ...definitionCommands(parts), ...watchCommands(parts), ...reviewCommands(parts) }
}

type DefinitionNames = 'servers.install' | 'servers.change' | 'servers.remove'

function definitionCommands({ runtime }: ServerParts): Pick<AdminCommands, DefinitionNames> {
  return {
    /** The catalogue is read at once where that works; a server that still needs its secret is installed all the same. */
    async 'servers.install'({ person, body: { idleStopMinutes, title, connect, ...definition } }) {
      const input = {
        ...definition,
        title: title ?? definition.slug,
        idleStopMs: idleStopMinutes * MINUTE_MS,
      }
      const installed = await runtime.install(person, input)
      const failure =
        connect && (await failureOf(runtime.refresh(installed.workspaceId, installed.id)))
      return { ...viewOf(runtime, installed), ...(failure && { reason: failure.code }) }
    },

    async 'servers.change'({ person, params, body: { enabled, launch } }) {
      if (launch !== undefined) {
        const kept = inputOf(find(runtime, person, params.server))
        await runtime.update(person, params.server, { ...kept, launch })
      }
      if (enabled === true) await runtime.enable(person, params.server)
      if (enabled === false) await runtime.disable(person, params.server)
      return viewOf(runtime, find(runtime, person, params.server))
    },

    async 'servers.remove'({ person, params }) {
      await runtime.remove(person, params.server)
      return undefined
    },
  }
}

type WatchNames = 'servers.list' | 'servers.read' | 'servers.refresh' | 'servers.logs'

function watchCommands({ runtime }: ServerParts): Pick<AdminCommands, WatchNames> {
  return {
    async 'servers.list'({ person, query }) {
      const all = runtime.servers(person.workspaceId)
      const { items, next } = pageOf(all, (server) => server.id, query)
      const views = items.map((server) => viewOf(runtime, server))
      return { items: views, ...(next && { next }) }
    },

    'servers.read': async ({ person, params }) =>
      viewOf(runtime, find(runtime, person, params.server)),

    async 'servers.refresh'({ person, params }) {
      find(runtime, person, params.server)
      await runtime.refresh(person.workspaceId, params.server)
      return viewOf(runtime, find(runtime, person, params.server))
    },

    async 'servers.logs'({ person, params }) {
      find(runtime, person, params.server)
      const lines = runtime.logs(person.workspaceId, params.server)
      return { lines: lines.map(({ atMs, text }) => ({ at: atMs, text })) }
    },
  }
}

type ReviewNames = 'items.list' | 'items.accept' | 'items.reject'

function reviewCommands({ runtime }: ServerParts): Pick<AdminCommands, ReviewNames> {
  return {
    async 'items.list'({ person, params, query }) {
      find(runtime, person, params.server)
      const rows = runtime.items(person.workspaceId, params.server)
      const { items, next } = pageOf(rows, ({ item }) => `${item.kind} ${item.name}`, query)
      return { items: items.map(({ item }) => itemView(item)), ...(next && { next }) }
    },

    'items.accept': async ({ person, params, body }) => ({
      changed: await runtime.accept(person, params.server, body),
    }),

    'items.reject': async ({ person, params, body }) => ({
      changed: await runtime.reject(person, params.server, body.items),
    }),
  }
}

function find(runtime: ServerParts['runtime'], person: Person, id: string): ServerDefinition {
  const found = runtime.servers(person.workspaceId).find((server) => server.id === id)
  if (!found) throw new CoreError('not_found')
  return found
}

/** What an administrator wrote, but for what is started. */
function inputOf(server: ServerDefinition) {
  const { slug, title, labels, era, inFlightMax, idleStopMs } = server
  const { relaysBaggage = false, probeUnsafe = false, roots } = server
  const settings = { relaysBaggage, probeUnsafe, ...(roots && { roots: [...roots] }) }
  return { slug, title, labels: [...labels], era, inFlightMax, idleStopMs, ...settings }
}

function viewOf(runtime: ServerParts['runtime'], server: ServerDefinition): ServerView {
  const { id, workspaceId, slug, title, enabled, version, hash, era, inFlightMax } = server
  const items = runtime.items(workspaceId, id).map((row) => row.item)
  const count = (state: ReviewedItem['state']) =>
    items.filter((item) => item.state === state).length
  return {
    id,
    slug,
    title,
    enabled,
    version,
    hash,
    era,
    inFlightMax,
    labels: [...server.labels],
    launch: launchView(server),
    idleStopMinutes: server.idleStopMs / MINUTE_MS,
    relaysBaggage: server.relaysBaggage ?? false,
    ...(server.roots && { roots: [...server.roots] }),
    probeUnsafe: server.probeUnsafe ?? false,
    state: stateOf(runtime, server),
    items: {
      accepted: count('accepted'),
      quarantined: count('quarantined'),
      changed: count('changed'),
    },
  }
}

function launchView({ launch }: ServerDefinition): ServerView['launch'] {
  if (launch.kind === 'http') return { ...launch }
  const { kind, command, args, env, cwd } = launch
  return { kind, command, args: [...args], env: { ...env }, ...(cwd !== undefined && { cwd }) }
}

/** The most telling state among its instances; without any it sleeps until the first call. */
function stateOf(runtime: ServerParts['runtime'], server: ServerDefinition): string {
  if (!server.enabled) return 'disabled'
  const { instances, degraded } = runtime.status(server.workspaceId, server.id)
  const states = new Set(instances.map((instance) => instance.state))
  const order = ['quarantined', 'backing_off', 'ready', 'starting'] as const
  const state = order.find((candidate) => states.has(candidate)) ?? 'sleeping'
  return degraded && state === 'ready' ? 'degraded' : state
}

function itemView(item: ReviewedItem) {
  const { kind, name, exposed, state, labels, risk, pin, definition } = item
  return {
    kind,
    name,
    exposed,
    state,
    labels: [...labels],
    risk,
    pin,
    definition: JSON.parse(definition) as unknown,
  }
}

/** Only what a server did wrong is forgiven; a defect of ours, or a store that fails, is not. */
async function failureOf(work: Promise<void>): Promise<CoreError | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    const isServers =
      isCoreError(error) &&
      /^(server_|outcome_unknown|call_timed_out|egress_|secret_)/.test(error.code)
    if (!isServers) throw error
    return error
  }
}
