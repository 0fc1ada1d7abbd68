import type { IncomingMessage } from 'node:http'

import type { Upstream } from './upstream.ts'
import { isStream, isSuccess } from './reply.ts'
import { readEvents } from './read-events.ts'
import type { WriteLine } from './write-lines.ts'

export type ListenDeps = Readonly<{
  upstream: Pick<Upstream, 'listen'>
  writeLine: WriteLine
  /** Between the end of a stream and the next. */
  pause: (signal: AbortSignal) => Promise<void>
}>

/**
 * Relays what Core sends without being asked, until it has no such stream: then it says so, and the bridge does
 * without. A stream that breaks is taken up where it ended.
 */
export async function listen(deps: ListenDeps, signal: AbortSignal): Promise<void> {
  let lastEventId: string | undefined
  while (!signal.aborted) {
    const response = await deps.upstream.listen(signal, lastEventId).catch(() => undefined)
    if (response && !(isSuccess(response) && isStream(response))) {
      response.resume()
      if (lastEventId === undefined) return
      // Core began anew since, or too much came meanwhile; what can be listened to is listened to.
      lastEventId = undefined
    } else if (response) lastEventId = (await relay(deps, response)) ?? lastEventId
    await deps.pause(signal)
  }
}

/** Resolves with the last id that the stream gave, however the stream ended. */
async function relay(
  { writeLine }: ListenDeps,
  response: IncomingMessage,
): Promise<string | undefined> {
  let lastEventId: string | undefined
  try {
    for await (const { data, id } of readEvents(response)) {
      lastEventId = id ?? lastEventId
      if (data.length > 0) await writeLine(data)
    }
  } catch {
    // NOTE: a stream may break; the next one goes on from the last id.
  }
  return lastEventId
}
