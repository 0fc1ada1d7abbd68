import { CoreError } from '../../ground/errors.ts'
import type { Timers } from '../../ground/timers.ts'
import type { CatalogueEntry } from '../../model/catalogue.ts'
import type { ItemKind } from '../../model/server.ts'
import { ownerOf } from '../sessions/sessions.ts'
import type { View, Viewer, Views } from '../lists/views.ts'

/** Lists whose changes a client can be told of, and what is in them. */
const kindsOf = {
  tools: ['tool'],
  prompts: ['prompt'],
  resources: ['resource', 'resource_template'],
} as const satisfies Record<string, readonly ItemKind[]>

export type ListName = keyof typeof kindsOf
export const listNames: readonly ListName[] = ['tools', 'prompts', 'resources']

/** One client that wants to be told, on a stream that is open as long as it listens. */
export type Listening = Readonly<{
  /** Who listens, by the credential that came with the request; undefined once that lets nobody in any more. */
  viewer: () => Viewer | undefined
  lists: readonly ListName[]
  /** Generation of the view that the client was told of before, where it listened before. */
  since?: string | undefined
  /** There is room for it, and it is one of those who are told as soon as this is done. */
  admitted: () => void | Promise<void>
  /** The list is not what it was when the client could last have read it. */
  changed: (list: ListName) => void
  /** Aborts when the client hangs up. */
  closed: AbortSignal
}>

export type Listens = Readonly<{
  /**
   * Resolves when nobody listens any more, with the generation that was told last: the client left, its credential
   * ended, or Peta stops.
   *
   * @throws CoreError `calls_limited`
   */
  listen: (listening: Listening) => Promise<string | undefined>
  /** Lets everyone go. */
  stop: () => void
}>

const LOOK_MS = 250
const PER_OWNER_MAX = 8

type Open = Readonly<{ listening: Listening; owner: string; end: () => void }> & {
  view: View
  isAdmitted: boolean
}

/**
 * Looks at the views of those who listen, because a view changes by a catalogue, a rule, a role or a profile, and its
 * client is told only of what changed for it (MCP-127). Views are kept, so that nothing is worked out twice.
 */
export function createListens(views: Views, timers: Pick<Timers, 'every'>): Listens {
  const open = new Set<Open>()
  let looking: Disposable | undefined
  let isStopped = false

  function look(): void {
    for (const one of open) {
      const viewer = one.listening.viewer()
      if (!viewer) one.end()
      else if (one.isAdmitted) tell(one, views(viewer))
    }
  }

  function leave(one: Open): void {
    open.delete(one)
    if (open.size > 0) return
    looking?.[Symbol.dispose]()
    looking = undefined
  }

  return {
    async listen(listening) {
      const viewer = listening.viewer()
      if (!viewer) return listening.since
      const owner = ownerOf(viewer.principal)
      refuseTooMany([...open].filter((one) => one.owner === owner).length)
      const { promise, resolve } = Promise.withResolvers<void>()
      const one: Open = { listening, owner, end: resolve, view: views(viewer), isAdmitted: false }
      listening.closed.addEventListener('abort', () => resolve(), { once: true })
      if (isStopped || listening.closed.aborted) resolve()
      open.add(one)
      looking ??= timers.every(LOOK_MS, look)
      try {
        const admission = listening.admitted()
        if (admission) await admission
        one.isAdmitted = true
        tellMissed(one)
        await promise
        return one.view.generation
      } finally {
        leave(one)
      }
    },
    stop() {
      isStopped = true
      for (const one of open) one.end()
    },
  }
}

function tell(one: Open, now: View): void {
  const { lists, changed } = one.listening
  const before = one.view
  if (now === before) return
  one.view = now
  for (const list of lists) {
    if (kindsOf[list].some((kind) => isOther(before.entries(kind), now.entries(kind))))
      changed(list)
  }
}

/** Views that are gone cannot be compared, so whatever is another one counts as changed. */
function tellMissed({ listening: { since, lists, changed }, view }: Open): void {
  if (since === undefined || since === view.generation) return
  for (const list of lists) changed(list)
}

function refuseTooMany(open: number): void {
  if (open >= PER_OWNER_MAX) throw new CoreError('calls_limited', { callsMax: PER_OWNER_MAX })
}

const isOther = (before: readonly CatalogueEntry[], now: readonly CatalogueEntry[]): boolean =>
  before.length !== now.length || before.some((entry, at) => !isSame(entry, now[at]))

const isSame = ({ item, override }: CatalogueEntry, other: CatalogueEntry | undefined): boolean =>
  item.exposed === other?.item.exposed &&
  item.pin === other.item.pin &&
  JSON.stringify(override) === JSON.stringify(other.override)
