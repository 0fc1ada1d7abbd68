import type { Person } from '../model/principal.ts'
import { EVENTS_PER_LOOK } from '../store/families/events.ts'
import type { Store } from '../store/store.ts'
import type { AdminCommands } from './command.ts'

export type EventParts = Readonly<{
  store: Pick<Store, 'query' | 'hints'>
  /** Resolves after `ms`, or as soon as the signal aborts. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
}>

/** By log: the index of the next entry to send. */
type Positions = Readonly<Record<string, number>>

const HEARTBEAT_MS = 15_000
/** Watchers look at most this often, however busy the log is. */
const LOOK_MS = 250

/** Roles that may see every event; the others see what waits for people. */
const SEES_ALL: ReadonlySet<string> = new Set(['owner', 'admin', 'auditor'])

/** What happens, as server-sent events: ids, types and outcomes, never content (APR-55). */
export function eventCommands(parts: EventParts): Pick<AdminCommands, 'events.stream'> {
  return {
    'events.stream': async ({ person, lastEventId, signal }) =>
      watch(parts, { person, from: parsePositions(lastEventId), signal }),
  }
}

type Watch = Readonly<{ person: Person; from: Positions | undefined; signal: AbortSignal }>

async function* watch(parts: EventParts, { person, from, signal }: Watch): AsyncGenerator<string> {
  const alarm = createAlarm(parts, signal)
  using watching = parts.store.hints.on('event', alarm.ring)
  void watching
  let positions = from ?? (await headsOf(parts))
  yield ': connected\n\n'
  while (!signal.aborted) {
    const found = await look(parts, person, positions)
    positions = found.positions
    yield found.text || ': still here\n\n'
    if (!found.hasMore) await alarm.rung()
  }
}

type Look = Readonly<{ text: string; positions: Positions; hasMore: boolean }>

async function look({ store }: EventParts, person: Person, before: Positions): Promise<Look> {
  const positions: Record<string, number> = { ...before }
  let text = ''
  let hasMore = false
  for (const { logId } of await store.query('event.heads', {})) {
    const from = positions[logId] ?? 0
    const rows = await store.query('event.after', { workspaceId: person.workspaceId, logId, from })
    for (const { idx, ...event } of rows) {
      positions[logId] = idx + 1
      if (isVisible(person, event.type)) text += frameOf(event, positions)
    }
    positions[logId] ??= from
    hasMore ||= rows.length === EVENTS_PER_LOOK
  }
  return { text, positions, hasMore }
}

const isVisible = (person: Person, type: string): boolean =>
  SEES_ALL.has(person.role) || type.startsWith('approval.')

const frameOf = (event: { type: string }, positions: Positions): string =>
  `id: ${encodePositions(positions)}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

async function headsOf({ store }: EventParts): Promise<Positions> {
  const heads = await store.query('event.heads', {})
  return Object.fromEntries(heads.map(({ logId, size }) => [logId, size]))
}

const encodePositions = (positions: Positions): string =>
  Buffer.from(JSON.stringify(positions)).toString('base64url')

/** What does not parse is forgotten: the stream then starts with what comes next, as for a new watcher. */
function parsePositions(text: string | undefined): Positions | undefined {
  if (!text) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return isPositions(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isPositions = (value: unknown): value is Positions =>
  typeof value === 'object' && value !== null && Object.values(value).every(Number.isSafeInteger)

/** Rings on a hint, but no sooner than `LOOK_MS` after the last time, and at the latest for a heartbeat. */
function createAlarm({ sleep }: EventParts, signal: AbortSignal) {
  let ring = nothing
  return {
    ring: (): void => ring(),
    async rung(): Promise<void> {
      const hint = new Promise<void>((resolve) => (ring = resolve))
      await sleep(LOOK_MS, signal)
      await Promise.race([hint, sleep(HEARTBEAT_MS, signal)])
    },
  }
}

const nothing = (): void => undefined
