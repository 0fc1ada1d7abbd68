import type { ServerResponse } from 'node:http'

import type { Clock } from '../ground/clock.ts'
import { encodeSseEvent, encodeSsePriming, sseComment } from '../protocol/sse.ts'

/** One answer that is a stream of events. */
export type McpStream = Readonly<{
  send: (frame: Buffer, eventId?: string) => void
  /** An event of a type that is not the usual one. */
  event: (type: string, data: Buffer) => void
  /** An event only to come back to. */
  prime: (eventId: string) => void
  end: (last?: Buffer, eventId?: string) => void
}>

export type McpStreams = Readonly<{
  open: (response: ServerResponse) => McpStream
  /** Keeps quiet streams alive and drops readers that do not read; called every few seconds. */
  tick: () => void
}>

const QUIET_MS = 15_000
const STALLED_MS = 30_000
const UNREAD_BYTES_MAX = 1024 * 1024

const headers = [
  'Content-Type',
  'text/event-stream',
  'Cache-Control',
  'no-store',
  'X-Accel-Buffering',
  'no',
]

type Open = { response: ServerResponse; sentAtMs: number; stalledAtMs: number | undefined }

/** Streams share one timer, because most last a second and a timer each would cost more than they do (H11). */
export function createMcpStreams(clock: Pick<Clock, 'nowMs'>): McpStreams {
  const streams = new Set<Open>()

  function write(stream: Open, bytes: Buffer): void {
    const { response } = stream
    if (response.destroyed) return
    if (response.writableLength > UNREAD_BYTES_MAX) {
      response.destroy()
      return
    }
    stream.sentAtMs = clock.nowMs()
    if (!response.write(bytes)) stream.stalledAtMs ??= clock.nowMs()
  }

  return {
    open(response) {
      const stream: Open = { response, sentAtMs: clock.nowMs(), stalledAtMs: undefined }
      streams.add(stream)
      response.on('close', () => streams.delete(stream))
      response.on('drain', () => {
        stream.stalledAtMs = undefined
      })
      response.writeHead(200, headers)
      response.flushHeaders()
      return {
        send: (frame, eventId) => write(stream, encodeSseEvent(frame, { id: eventId })),
        event: (type, data) => write(stream, encodeSseEvent(data, { type })),
        prime: (eventId) => write(stream, encodeSsePriming(eventId)),
        end(last, eventId) {
          streams.delete(stream)
          response.end(last && encodeSseEvent(last, { id: eventId }))
        },
      }
    },
    tick() {
      const nowMs = clock.nowMs()
      for (const stream of streams) {
        const { stalledAtMs, sentAtMs, response } = stream
        if (stalledAtMs !== undefined && nowMs - stalledAtMs >= STALLED_MS) response.destroy()
        else if (nowMs - sentAtMs >= QUIET_MS) write(stream, sseComment)
      }
    },
  }
}
