import type { Clock } from '../../ground/clock.ts'
import { isCoreError } from '../../ground/errors.ts'
import type { ServerFrame } from '../../model/frame.ts'
import type { Root } from '../../model/server.ts'
import { readMembers, readValue } from '../../protocol/members.ts'
import { metaKeys } from '../../protocol/meta-keys.ts'
import { readServerFrame } from '../../protocol/server-frame.ts'
import type { Wire, WireEvents } from '../launch/wire.ts'
import type { PendingRequests } from './pending-requests.ts'
import { createServerRequests } from './server-requests.ts'

export type ReceiverParts = Readonly<{
  clock: Pick<Clock, 'nowMs'>
  /** The server says that one of its lists is not what it was. */
  onListChanged: () => void
  /** A resource that someone subscribed to has changed. */
  onUpdated: (frame: ServerFrame) => void
  /** A visit that the server had asked for is done. */
  onElicited: (elicitationId: string) => void
  /** What it hears when it asks for the roots, where those are fixed. */
  roots?: readonly Root[]
}>

/** Takes each message of a server to the one request it belongs to, or nowhere (RUN-12). */
export function createReceiver(
  { clock, roots, onListChanged, onUpdated, onElicited }: ReceiverParts,
  pending: PendingRequests,
  wire: Pick<Wire, 'send'>,
): WireEvents['onMessage'] {
  const answer = createServerRequests({
    clock,
    ...(roots && { roots }),
    send: (bytes, method) => wire.send({ bytes, method, era: 'legacy' }),
  })
  const ownerOf = (hopId: number | undefined) =>
    hopId === undefined ? pending.only() : pending.get(hopId)

  function takeProgress(frame: ServerFrame): void {
    const found = pending.get(tokenOf(frame) ?? 0)
    if (!found) return
    found.activeMs = clock.nowMs()
    found.request.relay?.progress(frame)
  }

  /** By method, what is about no request, or says itself which one it is about. */
  const takers: Readonly<Record<string, (frame: ServerFrame, hopId?: number) => void>> = {
    'notifications/progress': takeProgress,
    'notifications/tools/list_changed': onListChanged,
    'notifications/prompts/list_changed': onListChanged,
    'notifications/resources/list_changed': onListChanged,
    'notifications/resources/updated': onUpdated,
    'notifications/elicitation/complete': (frame) => {
      const id = elicitationOf(frame)
      if (id !== undefined) onElicited(id)
    },
    'notifications/subscriptions/acknowledged': (frame, hopId) =>
      pending.get(hopId ?? subscriptionOf(frame) ?? 0)?.request.relay?.acknowledged?.(frame),
  }

  function takeNotification(frame: ServerFrame, hopId: number | undefined): void {
    const { method = '' } = frame
    const take = Object.hasOwn(takers, method) ? takers[method] : undefined
    if (take) take(frame, hopId)
    else if (hopId !== undefined) pending.get(hopId)?.request.relay?.notify(frame)
  }

  return function receive(bytes, hopId) {
    const frame = readOrUndefined(bytes)
    if (!frame) return false
    if (frame.kind === 'request') answer(frame, ownerOf(hopId))
    else if (frame.kind === 'notification') orDrop(() => takeNotification(frame, hopId))
    else if (typeof frame.id === 'number' && (hopId ?? frame.id) === frame.id) {
      pending.take(frame.id)?.resolve(frame)
    }
    return true
  }
}

/**
 * What cannot be passed on safely is not, as where a secret stands in a number. Nobody waits for a notice, and whoever
 * reads the wire must not end for one.
 */
function orDrop(take: () => void): void {
  try {
    take()
  } catch (error) {
    if (!isCoreError(error)) throw error
  }
}

function readOrUndefined(bytes: Buffer): ServerFrame | undefined {
  try {
    return readServerFrame(bytes)
  } catch {
    return undefined
  }
}

/** Where the transport does not tie it to its request, the message says itself which subscription it is about. */
function subscriptionOf({ bytes, spans }: ServerFrame): number | undefined {
  const meta = spans.meta ? readMembers(bytes, spans.meta) : []
  const id = meta.find(({ name }) => name === metaKeys.subscriptionId)
  const value = id && readValue(bytes, id.value)
  return typeof value === 'number' ? value : undefined
}

function elicitationOf({ bytes, spans }: ServerFrame): string | undefined {
  const params = spans.params && readValue(bytes, spans.params)
  const id = typeof params === 'object' && params !== null && Reflect.get(params, 'elicitationId')
  return typeof id === 'string' ? id : undefined
}

/** Our tokens are the hop ids themselves: unique, and nobody else's (MCP-130). */
function tokenOf({ bytes, spans }: ServerFrame): number | undefined {
  const span = spans.progressToken
  const token = span ? Number(bytes.toString('latin1', ...span)) : Number.NaN
  return Number.isSafeInteger(token) ? token : undefined
}
