import type { Clock } from '../ground/clock.ts'
import type { ServerFrame } from '../model/frame.ts'
import { readServerFrame } from '../protocol/server-frame.ts'
import type { Wire, WireEvents } from './launch/wire.ts'
import type { PendingRequests } from './pending-requests.ts'
import { createServerRequests } from './server-requests.ts'

export type ReceiverParts = Readonly<{
  clock: Pick<Clock, 'nowMs'>
  /** The server says that one of its lists is not what it was. */
  onListChanged: () => void
}>

const LIST_CHANGED = /^notifications\/(tools|prompts|resources)\/list_changed$/

/** Takes each message of a server to the one request it belongs to, or nowhere (RUN-12). */
export function createReceiver(
  { clock, onListChanged }: ReceiverParts,
  pending: PendingRequests,
  wire: Pick<Wire, 'send'>,
): WireEvents['onMessage'] {
  const answer = createServerRequests({
    clock,
    send: (bytes, method) => wire.send({ bytes, method, era: 'legacy' }),
  })
  const ownerOf = (hopId: number | undefined) =>
    hopId === undefined ? pending.only() : pending.get(hopId)

  function takeNotification(frame: ServerFrame, hopId: number | undefined): void {
    if (frame.method === 'notifications/progress') {
      const request = pending.get(tokenOf(frame) ?? 0)
      if (!request) return
      request.activeMs = clock.nowMs()
      request.relay?.progress(frame)
    } else if (LIST_CHANGED.test(frame.method ?? '')) onListChanged()
    else if (hopId !== undefined) pending.get(hopId)?.relay?.notify(frame)
  }

  return function receive(bytes, hopId) {
    const frame = readOrUndefined(bytes)
    if (!frame) return false
    if (frame.kind === 'request') answer(frame, ownerOf(hopId))
    else if (frame.kind === 'notification') takeNotification(frame, hopId)
    else if (typeof frame.id === 'number' && (hopId ?? frame.id) === frame.id) {
      pending.take(frame.id)?.resolve(frame)
    }
    return true
  }
}

function readOrUndefined(bytes: Buffer): ServerFrame | undefined {
  try {
    return readServerFrame(bytes)
  } catch {
    return undefined
  }
}

/** Our tokens are the hop ids themselves: unique, and nobody else's (MCP-130). */
function tokenOf({ bytes, spans }: ServerFrame): number | undefined {
  const span = spans.progressToken
  const token = span ? Number(bytes.toString('latin1', ...span)) : Number.NaN
  return Number.isSafeInteger(token) ? token : undefined
}
