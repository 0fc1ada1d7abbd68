import type { CatalogueEntry, CatalogueSnapshot } from '../../model/catalogue.ts'
import type { Principal } from '../../model/principal.ts'
import type { Profile } from '../../model/profile.ts'
import type { CatalogueItem, ItemKind, ServerRef } from '../../model/server.ts'
import { isOwn } from '../../model/own-tools.ts'
import { isAppUri } from '../../protocol/apps.ts'
import { instructionsFor } from './instructions.ts'
import { mergedTtlMs } from './merged-ttl.ts'
import type { OwnTools } from '../own-tools.ts'
import { type Visible, visibleOf } from './visible.ts'

/**
 * What one principal can see of the catalogue under one version of the rules. Lists are printed from it and names
 * are looked up in it, so what is hidden is also unknown (POL-36, MCP-118).
 */
export type View = Readonly<{
  /** Changes whenever the content might; cursors are bound to it (MCP-117). */
  generation: string
  /** What it is narrowed to. */
  profile: Profile | undefined
  degraded: readonly string[]
  /** How long a list may be kept; without a kind, what is offered at all (MCP-119). */
  ttlMs: (kind?: ItemKind) => number
  /** Whether changes of some resource can be told. */
  isSubscribable: boolean
  /** In the order of lists: alias, then the server's own name (MCP-108). */
  entries: (kind: ItemKind) => readonly CatalogueEntry[]
  find: (kind: ItemKind, exposed: string) => CatalogueEntry | undefined
  /** Those of which it shows something. */
  servers: readonly ServerRef[]
  /** Tools of servers, those included that lists leave out, in the same order. */
  tools: readonly CatalogueEntry[]
  instructions: string | undefined
  /** Ids of servers with a page of an app. */
  appServers: ReadonlySet<string>
}>

export type ViewSources = Readonly<{
  catalogue: (workspaceId: string) => CatalogueSnapshot
  /** What a profile holds of a catalogue, under the names that its clients see. */
  narrow: (snapshot: CatalogueSnapshot, profile: Profile) => CatalogueSnapshot
  /** Three-valued: true unless the item is denied whatever its arguments (POL-35). */
  isListed: (principal: Principal, server: ServerRef, item: CatalogueItem) => boolean
  policyVersion: (workspaceId: string) => number
}>

/** Whose view it is, and through which endpoint: none but the principal's for everything (MCP-110). */
export type Viewer = Readonly<{ principal: Principal; profile?: Profile }>

export type Views = (viewer: Viewer) => View

/** A thousand scopes fit; one view of a thousand tools takes about 350 KB once its list is printed. */
const VIEWS_MAX = 1000

/** A view with what the next one of its scope can take from it. */
type Kept = Readonly<{ view: View; policyVersion: number; visible: Visible }>

/**
 * Keeps a view per principal scope and profile, as long as rules, catalogue and profile stay what they are: filtering
 * and sorting a thousand entries per request would cost more than the request (H10).
 */
export function createViews(sources: ViewSources, ownTools: Pick<OwnTools, 'entries'>): Views {
  const views = new Map<string, Kept>()

  return function viewOf({ principal, profile }) {
    const { workspaceId, scopeKey } = principal
    const snapshot = sources.catalogue(workspaceId)
    const policyVersion = sources.policyVersion(workspaceId)
    const version = `${policyVersion}.${snapshot.version}`
    const generation = profile ? `${version}.${profile.revision}` : version
    const key = `${workspaceId}\0${scopeKey}\0${profile?.name ?? ''}`
    const known = views.get(key)
    if (known?.view.generation === generation) return known.view

    const narrowed = profile ? sources.narrow(snapshot, profile) : snapshot
    const entries = [...narrowed.entries, ...ownTools.entries(profile)]
    const before = known?.policyVersion === policyVersion ? known.visible : undefined
    const visible = visibleOf(
      entries,
      ({ server, item }) => sources.isListed(principal, server, item),
      before,
    )
    const view = buildView(narrowed, { generation, profile }, visible.entries)
    views.delete(key)
    if (views.size >= VIEWS_MAX) dropOldest(views)
    views.set(key, { view, policyVersion, visible })
    return view
  }
}

function buildView(
  snapshot: CatalogueSnapshot,
  origin: Pick<View, 'generation' | 'profile'>,
  visible: readonly CatalogueEntry[],
): View {
  const byName = new Map(
    visible.map((entry) => [nameKey(entry.item.kind, entry.item.exposed), entry]),
  )
  const listed = Map.groupBy(
    visible.filter(({ isUnlisted = false }) => !isUnlisted),
    ({ item }) => item.kind,
  )
  const offered = visible.filter(({ server }) => !isOwn(server))
  const servers = new Map(offered.map(({ server }) => [server.id, server]))
  const texts = snapshot.instructions?.filter(({ server }) => servers.has(server.id)) ?? []
  return {
    ...origin,
    degraded: snapshot.degraded,
    isSubscribable: [
      ...(listed.get('resource') ?? []),
      ...(listed.get('resource_template') ?? []),
    ].some(({ server }) => snapshot.subscribable?.has(server.id) ?? false),
    ttlMs: (kind) => mergedTtlMs(servers.keys(), snapshot.listTtls, kind),
    entries: (kind) => listed.get(kind) ?? [],
    find: (kind, exposed) => byName.get(nameKey(kind, exposed)),
    servers: [...servers.values()],
    tools: offered.filter(({ item }) => item.kind === 'tool'),
    appServers: new Set(
      offered
        .filter(({ item }) => item.kind === 'resource' && isAppUri(item.name))
        .map(({ server }) => server.id),
    ),
    instructions: instructionsFor(origin.profile?.instructions, texts),
  }
}

const nameKey = (kind: ItemKind, exposed: string): string => `${kind} ${exposed}`

/** The un-prefixed server of a profile goes by its own names and URIs (MCP-111). */
export const isUnprefixed = ({ profile }: Pick<View, 'profile'>, { slug }: ServerRef): boolean =>
  slug === profile?.unprefixed

/** The alias under which clients of a view know a server's URIs; none where they see its own. */
export const aliasIn = (view: Pick<View, 'profile'>, server: ServerRef): string | undefined =>
  isUnprefixed(view, server) ? undefined : server.slug

function dropOldest(views: Map<string, unknown>): void {
  const [oldest] = views.keys()
  if (oldest !== undefined) views.delete(oldest)
}
