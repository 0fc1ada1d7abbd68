import type { HopRequest } from './pending-requests.ts'
import { modernParams, type Greeting } from './handshake.ts'

/** A request of Peta's own, which no client sent. */
export function ownRequest(
  { era, protocolVersion }: Greeting,
  method: string,
  params: object,
  waitMs: number,
): HopRequest {
  const sent = era === 'modern' ? modernParams(params) : params
  return {
    encode: (id) => Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params: sent })),
    target: { method, era, protocolVersion },
    idleMs: waitMs,
    absoluteMs: waitMs,
    isCancellable: true,
  }
}
