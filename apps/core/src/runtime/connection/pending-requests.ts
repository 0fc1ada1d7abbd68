import { CoreError } from '../../ground/errors.ts'
import type { ServerFrame } from '../../model/frame.ts'
import type { Outbound } from '../launch/wire.ts'
import type { Relay } from './relay.ts'

/** One request of this hop. */
export type HopRequest = Readonly<{
  encode: (hopId: number) => Buffer
  target: Omit<Outbound, 'bytes' | 'hopId'>
  /** Longest silence, and longest wait whatever comes (RUN-54). */
  idleMs: number
  absoluteMs: number
  /** `initialize` and probes are never cancelled by message (MCP-131). */
  isCancellable: boolean
  relay?: Relay
}>

/** One request that waits for its answer. */
export type PendingRequest = {
  readonly request: HopRequest
  startedMs: number
  activeMs: number
  /** Questions of the server that its client has not answered; no clock runs meanwhile. */
  openQuestions: number
  readonly resolve: (frame: ServerFrame) => void
  readonly reject: (error: unknown) => void
  /** Its caller gave it up when this aborts. */
  readonly signal: AbortSignal
  readonly abort: () => void
}

/** The open requests of one wire, by hop id. */
export type PendingRequests = Readonly<{
  add: (request: PendingRequest) => number
  get: (hopId: number) => PendingRequest | undefined
  /** The one that is open, when there is just one: whatever names no request can be about no other (MCP-61). */
  only: () => PendingRequest | undefined
  /** Takes it out, so that only one answer ever counts. */
  take: (hopId: number) => PendingRequest | undefined
  /** Ids whose time is over, with the error that says which clock fired. */
  overdue: (nowMs: number) => readonly Readonly<{ hopId: number; error: CoreError }>[]
  takeAll: () => readonly PendingRequest[]
  size: () => number
}>

export function createPendingRequests(server: string): PendingRequests {
  const open = new Map<number, PendingRequest>()
  let lastHopId = 0

  return {
    add(request) {
      lastHopId += 1
      open.set(lastHopId, request)
      request.signal.addEventListener('abort', request.abort, ONCE)
      return lastHopId
    },
    get: (hopId) => open.get(hopId),
    only: () => (open.size === 1 ? [...open.values()][0] : undefined),
    take(hopId) {
      const found = open.get(hopId)
      open.delete(hopId)
      if (found) release(found)
      return found
    },
    overdue(nowMs) {
      const late: { hopId: number; error: CoreError }[] = []
      for (const [hopId, request] of open) {
        const clock = firedClock(request, nowMs)
        if (clock) late.push({ hopId, error: new CoreError('call_timed_out', { server, clock }) })
      }
      return late
    },
    takeAll() {
      const all = [...open.values()]
      open.clear()
      all.forEach(release)
      return all
    },
    size: () => open.size,
  }
}

const ONCE = { once: true } as const

const release = ({ signal, abort }: PendingRequest): void =>
  signal.removeEventListener('abort', abort)

function firedClock(pending: PendingRequest, nowMs: number): 'absolute' | 'idle' | undefined {
  const { idleMs, absoluteMs } = pending.request
  if (pending.openQuestions > 0) return undefined
  if (nowMs - pending.startedMs >= absoluteMs) return 'absolute'
  return nowMs - pending.activeMs >= idleMs ? 'idle' : undefined
}
