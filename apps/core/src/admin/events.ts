import type { Person } from '../model/principal.ts'
import { EVENTS_PER_LOOK } from '../store/families/events.ts'
import type { Store } from '../store/store.ts'
import type { AdminCommands } from './command.ts'
import { eventSeenBy, type SeenEvent } from './event-view.ts'
import { encodePosition, parsePosition, type EventPosition } from './event-position.ts'

export type EventParts = Readonly<{
  store: Pick<Store, 'query' | 'hints'>
  nowMs: () => number
  /** Resolves after `ms`, or as soon as the signal aborts. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Whether the session that opened the stream still stands, with the same role. */
  isCurrent: (person: Person) => Promise<boolean>
  /** Aborts when Core stops, which must not wait for those who watch. */
  stopping: AbortSignal
}>

const HEARTBEAT_MS = 15_000
/** Watchers look at most this often, however busy the log is. */
const LOOK_MS = 250

/** What happens, as server-sent events: ids, types and outcomes, never content (APR-55). */
export function eventCommands(parts: EventParts): Pick<AdminCommands, 'events.stream'> {
  return {
    'events.stream': async ({ person, lastEventId, signal }) =>
      watch(parts, {
        person,
        from: parsePosition(lastEventId),
        signal: AbortSignal.any([signal, parts.stopping]),
      }),
  }
}

type Watch = Readonly<{ person: Person; from: EventPosition | undefined; signal: AbortSignal }>

/** The session is asked before each look: a stream lasts no longer than the right to open it (IDN-20). */
async function* watch(parts: EventParts, { person, from, signal }: Watch): AsyncGenerator<string> {
  const alarm = createAlarm(parts, signal)
  using watching = parts.store.hints.on('event', () => alarm.ring())
  void watching
  let position = from ?? (await presentPosition(parts))
  let spokeAtMs = parts.nowMs()
  yield ': connected\n\n'
  while (!signal.aborted) {
    if (!(await parts.isCurrent(person))) return
    const found = await look(parts, person, position)
    position = found.position
    const isSilent = parts.nowMs() - spokeAtMs >= HEARTBEAT_MS
    if (found.text || isSilent) {
      spokeAtMs = parts.nowMs()
      yield found.text || ': still here\n\n'
    }
    if (!found.hasMore) await alarm.rung()
  }
}

type Look = Readonly<{ text: string; position: EventPosition; hasMore: boolean }>

async function look({ store }: EventParts, person: Person, before: EventPosition): Promise<Look> {
  const next: Record<string, number> = { ...before.next }
  const ended: string[] = []
  let { sinceMs } = before
  let text = ''
  let hasMore = false
  const logs = await store.query('event.logs', { known: Object.keys(next), sinceMs })
  for (const { logId, size, openedAtMs, closedAtMs } of logs) {
    const from = next[logId] ?? 0
    const asked = { workspaceId: person.workspaceId, logId, from }
    const rows = await store.query('event.after', asked)
    const isPart = rows.length === EVENTS_PER_LOOK
    sinceMs = Math.max(sinceMs, openedAtMs)
    for (const row of rows) {
      next[logId] = row.idx + 1
      const event = eventSeenBy(person, row)
      if (event) text += frameOf(event, { sinceMs, next })
    }
    if (!isPart) next[logId] = Math.max(next[logId] ?? 0, size)
    if (!isPart && closedAtMs !== null && openedAtMs < sinceMs) ended.push(logId)
    hasMore ||= isPart
  }
  for (const logId of ended) delete next[logId]
  return { text, position: { sinceMs, next }, hasMore }
}

const frameOf = (event: SeenEvent, position: EventPosition): string =>
  `id: ${encodePosition(position)}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

/** Behind everything that has happened so far. */
async function presentPosition({ store, nowMs }: EventParts): Promise<EventPosition> {
  const logs = await store.query('event.logs', { known: [], sinceMs: nowMs() })
  return {
    sinceMs: Math.max(0, ...logs.map(({ openedAtMs }) => openedAtMs)),
    next: Object.fromEntries(logs.map(({ logId, size }) => [logId, size])),
  }
}

/**
 * Rings on a hint, but no sooner than `LOOK_MS` after the last time, and at the latest for a heartbeat. A hint that
 * comes while nobody waits is kept.
 */
function createAlarm({ sleep }: EventParts, signal: AbortSignal) {
  let isDue = false
  let waiting = new AbortController()
  return {
    ring(): void {
      isDue = true
      waiting.abort()
    },
    async rung(): Promise<void> {
      await sleep(LOOK_MS, signal)
      if (!isDue) {
        waiting = new AbortController()
        await sleep(HEARTBEAT_MS, AbortSignal.any([signal, waiting.signal]))
      }
      isDue = false
    },
  }
}
