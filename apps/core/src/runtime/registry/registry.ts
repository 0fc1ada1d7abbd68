import { z } from 'zod'

import type { CatalogueSnapshot, ListTtls, ServerText } from '../../model/catalogue.ts'
import type {
  CatalogueItem,
  ReviewedItem,
  ReviewedKind,
  ServerDefinition,
} from '../../model/server.ts'
import type { Store } from '../../store/store.ts'
import type { Log } from '../../ground/log.ts'
import { entriesOf, refOf } from '../catalogue/entries.ts'
import { readInstructions } from '../catalogue/instructions.ts'
import { createNotedTtls } from '../catalogue/list-ttls.ts'
import { createNotedSets } from '../catalogue/noted-sets.ts'
import { skillFiles, type SkillFile } from '../../protocol/skills.ts'
import { openDefinition } from './definition.ts'

/** An installed server as it is kept, with what a change of it has to be compared with. */
export type InstalledServer = Readonly<{
  definition: ServerDefinition
  /** The recorded act that its definition came from. */
  eventId: string
  revision: number
}>

/** One entry of a catalogue with what only a review needs. */
export type CatalogueRow = Readonly<{
  item: ReviewedItem
  nameKey: string
  acceptedPin: string | null
  acceptedDefinition: string | null
  revision: number
}>

export type WorkspaceServers = Readonly<{
  revision: number
  servers: ReadonlyMap<string, InstalledServer>
  rows: readonly CatalogueRow[]
  /** Accepted entries by server, kind and name: the check at call time. */
  accepted: ReadonlyMap<string, CatalogueItem>
  /** Digests of accepted pages of apps, by server and URI. */
  apps: ReadonlyMap<string, string>
  /** Files of skills by server and URI; undefined where their manifest is not accepted. */
  skillFiles: ReadonlyMap<string, SkillFile | undefined>
  snapshot: CatalogueSnapshot
}>

/** Servers and catalogues of each workspace, in memory and whole, so that lists and calls touch no disk (RUN-43). */
export type Registry = Readonly<{
  /** Reads a workspace from the store, if anything in it changed. */
  load: (workspaceId: string) => Promise<WorkspaceServers>
  /** As last loaded; empty before, which offers nothing to anyone. */
  current: (workspaceId: string) => WorkspaceServers
  workspaces: () => readonly string[]
  markDegraded: (workspaceId: string, slug: string, isDegraded: boolean) => void
  /** Whether a server tells of changes of its resources, as it said last. */
  noteSubscribable: (workspaceId: string, serverId: string, isSubscribable: boolean) => void
  /** How long the lists of a server may be kept, as it said last. */
  noteListTtls: (workspaceId: string, serverId: string, ttls: ListTtls) => void
  onChange: (listener: (workspaceId: string) => void) => Disposable
}>

export type RegistryParts = Readonly<{ store: Pick<Store, 'query'>; log: Log }>

const PAGE = 500

export function createRegistry(parts: RegistryParts): Registry {
  const loaded = new Map<string, WorkspaceServers>()
  const loading = new Map<string, Promise<WorkspaceServers>>()
  const degraded = createNotedSets()
  const subscribable = createNotedSets()
  const ttls = createNotedTtls()
  const listeners = new Set<(workspaceId: string) => void>()
  let lastVersion = 0

  function publish(workspaceId: string, content: Content): WorkspaceServers {
    lastVersion += 1
    const servers = assemble(content, {
      version: lastVersion,
      degraded: [...degraded.of(workspaceId)].toSorted(),
      listTtls: ttls.of(workspaceId),
      subscribable: subscribable.of(workspaceId),
    })
    loaded.set(workspaceId, servers)
    for (const listener of listeners) listener(workspaceId)
    return servers
  }

  /** What was noted of servers is part of what is published of them. */
  function publishNoted(workspaceId: string, isNew: boolean): void {
    const known = loaded.get(workspaceId)
    if (isNew && known) publish(workspaceId, known)
  }

  async function loadOnce(workspaceId: string): Promise<WorkspaceServers> {
    const revision = await parts.store.query('catalogue.revision', { workspaceId })
    const known = loaded.get(workspaceId)
    if (known?.revision === revision) return known
    return publish(workspaceId, { ...(await readContent(parts, workspaceId, known)), revision })
  }

  return {
    load(workspaceId) {
      // One after the other, so that an older reading never replaces a newer one.
      const before = loading.get(workspaceId) ?? Promise.resolve()
      const read = (): Promise<WorkspaceServers> => loadOnce(workspaceId)
      const next = before.then(read, read)
      loading.set(workspaceId, next)
      return next
    },
    current: (workspaceId) => loaded.get(workspaceId) ?? EMPTY,
    workspaces: () => [...loaded.keys()],
    markDegraded: (workspaceId, slug, isDegraded) =>
      publishNoted(workspaceId, degraded.note(workspaceId, slug, isDegraded)),
    noteSubscribable: (workspaceId, serverId, isSubscribable) =>
      publishNoted(workspaceId, subscribable.note(workspaceId, serverId, isSubscribable)),
    noteListTtls: (workspaceId, serverId, said) =>
      publishNoted(workspaceId, ttls.note(workspaceId, serverId, said)),
    onChange: (listener) => addTo(listeners, listener),
  }
}

function addTo<T>(set: Set<T>, member: T): Disposable {
  set.add(member)
  return { [Symbol.dispose]: () => void set.delete(member) }
}

type Content = Pick<WorkspaceServers, 'revision' | 'servers' | 'rows'>

const EMPTY: WorkspaceServers = {
  revision: -1,
  servers: new Map(),
  rows: [],
  accepted: new Map(),
  apps: new Map(),
  skillFiles: new Map(),
  snapshot: { version: 0, entries: [], degraded: [] },
}

function assemble(
  { revision, servers, rows }: Content,
  state: Omit<CatalogueSnapshot, 'entries'>,
): WorkspaceServers {
  const entries = entriesOf(servers, rows)
  const accepted = entries.filter(({ item }) => item.state === 'accepted')
  return {
    revision,
    servers,
    rows,
    accepted: new Map(accepted.map(({ item }) => [itemKey(item), item])),
    apps: new Map(
      rows.flatMap(({ item }) =>
        item.kind === 'app' && item.state === 'accepted' ? [[fileKey(item), item.pin]] : [],
      ),
    ),
    skillFiles: new Map(rows.flatMap(({ item }) => filesOf(item))),
    snapshot: { ...state, entries, instructions: textsOf(servers, rows) },
  }
}

function filesOf(item: ReviewedItem): readonly (readonly [string, SkillFile | undefined])[] {
  if (item.kind !== 'skill' || item.state === 'gone') return []
  const { serverId, state, definition } = item
  return (skillFiles(JSON.parse(definition)) ?? []).map((file) => [
    fileKey({ serverId, name: file.uri }),
    state === 'accepted' ? file : undefined,
  ])
}

function textsOf(
  servers: Content['servers'],
  rows: readonly CatalogueRow[],
): readonly ServerText[] {
  return rows.flatMap(({ item }) => {
    const definition = servers.get(item.serverId)?.definition
    if (item.kind !== 'instructions' || item.state !== 'accepted' || !definition?.enabled) return []
    const text = readInstructions(item.definition)
    return [{ server: refOf(definition), title: definition.title, text }]
  })
}

export const fileKey = ({ serverId, name }: Pick<ReviewedItem, 'serverId' | 'name'>): string =>
  `${serverId} ${name}`

export const itemKey = ({
  serverId,
  kind,
  name,
}: Pick<CatalogueItem, 'serverId' | 'kind' | 'name'>): string => `${serverId} ${kind} ${name}`

/** What has the revision that is known already stays the same object, so that nothing derived from it is made anew. */
async function readContent(
  { store, log }: RegistryParts,
  workspaceId: string,
  known: Omit<Content, 'revision'> = EMPTY,
): Promise<Omit<Content, 'revision'>> {
  const [found, rows] = await Promise.all([
    store.query('server.list', { workspaceId }),
    readRows(store, workspaceId, known.rows),
  ])
  const servers = new Map<string, InstalledServer>()
  for (const row of found) {
    const before = known.servers.get(row.id)
    if (before?.revision === row.revision) {
      servers.set(row.id, before)
      continue
    }
    const { id, version, hash, body, state, event_id: eventId } = row
    try {
      const stored = { id, workspaceId, version, hash, body, enabled: state === 'enabled' }
      servers.set(id, { definition: openDefinition(stored), eventId, revision: row.revision })
    } catch (error) {
      // One unreadable server is out of use; the others go on.
      log.error({ err: error, server: row.slug }, 'a stored server definition is not valid')
    }
  }
  return { servers, rows }
}

type Row = Awaited<ReturnType<typeof readPage>>[number]
type Position = Readonly<{ serverId: string; kind: ReviewedKind; nameKey: string }>

async function readRows(
  store: RegistryParts['store'],
  workspaceId: string,
  known: readonly CatalogueRow[],
): Promise<readonly CatalogueRow[]> {
  const before = new Map(known.map((row) => [keyOf({ ...row, ...row.item }), row]))
  const rows: CatalogueRow[] = []
  let after: Position | undefined
  for (;;) {
    const page = await readPage(store, workspaceId, after)
    for (const row of page) {
      const same = before.get(keyOf(positionOf(row)))
      rows.push(same?.revision === row.revision ? same : toRow(row))
    }
    const last = page.at(-1)
    if (!last || page.length < PAGE) return rows
    after = positionOf(last)
  }
}

const positionOf = (row: Row): Position => ({
  serverId: row.server_id,
  kind: row.kind,
  nameKey: row.name_key,
})

const keyOf = ({ serverId, kind, nameKey }: Position): string => `${serverId} ${kind} ${nameKey}`

const readPage = (store: RegistryParts['store'], workspaceId: string, after?: Position) =>
  store.query('catalogue.items', { workspaceId, limit: PAGE, ...(after && { after }) })

const Labels = z.array(z.string())

const toRow = (row: Row): CatalogueRow => ({
  item: {
    serverId: row.server_id,
    kind: row.kind,
    name: row.name,
    exposed: row.exposed,
    definition: row.definition,
    pin: row.pin,
    state: row.state,
    labels: Labels.parse(JSON.parse(row.labels)),
    risk: row.risk,
  },
  nameKey: row.name_key,
  acceptedPin: row.accepted_pin,
  acceptedDefinition: row.accepted_definition,
  revision: row.revision,
})
