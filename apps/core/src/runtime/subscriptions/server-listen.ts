import { z } from 'zod'

import { waitOrAbort } from '../../ground/abort.ts'
import { CoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import { readValue } from '../../protocol/members.ts'
import type { ServerFrame } from '../../model/frame.ts'
import { publicError, type Correlator } from '../connection/correlator.ts'
import type { HopRequest } from '../connection/pending-requests.ts'

/** A `subscriptions/listen` that its server acknowledged. */
export type OpenListen = Disposable &
  Readonly<{
    honoured: ReadonlySet<string>
    /** Resolves when the server, or whatever lies in between, ended it; not when it was disposed of. */
    ended: Promise<void>
  }>

export type ListenParts = Readonly<{
  wire: Pick<Correlator, 'exchange'>
  server: string
  /** The request, which waits for ever. */
  request: HopRequest
}>

export const LISTEN = 'subscriptions/listen'

/**
 * Resolves once the server has said what it tells of.
 *
 * @throws CoreError `server_misbehaves` and whatever a request fails with
 */
export async function openListen(parts: ListenParts): Promise<OpenListen> {
  const { wire, server, request } = parts
  const ending = new AbortController()
  const { promise, resolve, reject } = Promise.withResolvers<ReadonlySet<string>>()
  const relay = {
    progress: () => undefined,
    notify: () => undefined,
    acknowledged: (frame: ServerFrame) => resolve(honouredBy(frame)),
  }
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const over = (error: unknown): void => {
    reject(error)
    if (!ending.signal.aborted) end()
  }
  wire.exchange({ ...request, relay }, ending.signal).then(
    ({ code }) => over(new CoreError('server_misbehaves', { server, ...(code && { code }) })),
    (error: unknown) => over(publicError(error)),
  )
  try {
    const honoured = await waitOrAbort(promise, AbortSignal.timeout(limits.listMs), 'server:listen')
    return { honoured, ended, [Symbol.dispose]: () => ending.abort() }
  } catch (error) {
    ending.abort()
    throw error
  }
}

const Acknowledged = z.looseObject({
  notifications: z.looseObject({ resourceSubscriptions: z.array(z.string()).default([]) }),
})

function honouredBy({ bytes, spans }: ServerFrame): ReadonlySet<string> {
  const said = Acknowledged.safeParse(spans.params && readValue(bytes, spans.params))
  return new Set(said.data?.notifications.resourceSubscriptions)
}
