import type { ServerFrame } from '../protocol/server-frame.ts'

const METHOD_NOT_FOUND = -32601

/**
 * Answers what a server asks of its client. Only `ping` has an answer yet; everything else is told at once that it is
 * not offered, so that a server never waits for it.
 */
export function createServerRequests(
  send: (bytes: Buffer, method: string) => void,
): (frame: ServerFrame) => void {
  return function answerServer({ id, method }) {
    if (id === undefined) return
    const answer =
      method === 'ping'
        ? { result: {} }
        : { error: { code: METHOD_NOT_FOUND, message: 'Method not found' } }
    try {
      send(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, ...answer })), 'response')
    } catch {
      // A server that does not read, or is gone, gets no answer.
    }
  }
}
