import { CoreError } from '../../ground/errors.ts'
import { encodeUpdated } from '../../protocol/encode-notice.ts'
import type { Asking } from '../asking.ts'
import { answerTo, type McpReply, renderOutcome } from '../outcome.ts'
import type { Session } from '../sessions/sessions.ts'
import type { OpenSubscriber } from './subscriptions.ts'
import type { Viewer } from '../lists/views.ts'

export type SessionAsking = Asking & Readonly<{ session: Session }>

/** `resources/subscribe` of a session: its changes travel on the session's stream, or wait for one (MCP-38). */
export async function answerSubscribe(
  open: OpenSubscriber,
  asking: SessionAsking,
): Promise<McpReply> {
  const uri = uriOf(asking)
  const { session, clientIp } = asking
  session.viewer = asking.viewer
  const viewer = (): Viewer | undefined => session.viewer?.()
  const client = { viewer, method: 'resources/subscribe', clientEra: 'legacy', clientIp } as const
  session.subscriber ??= open(client, ({ uri: known, frame }) => {
    const stream = session.streams?.newest()
    stream?.notify(encodeUpdated(frame, { uri: known }))
    return stream !== undefined
  })
  const { call, outcome } = await session.subscriber.add(uri)
  return renderOutcome(asking, call, { outcome, asks: () => [], sealState: () => '' })
}

/** The server hears of it when nobody else listens to the resource, so there is nothing to decide. */
export function answerUnsubscribe(asking: SessionAsking): McpReply {
  asking.session.subscriber?.remove(uriOf(asking))
  return { status: 200, body: answerTo(asking, '{}') }
}

function uriOf({ frame }: Asking): string {
  const { uri } = frame.params
  if (typeof uri === 'string') return uri
  throw new CoreError('params_invalid', { problem: 'uri is not a string.' })
}
