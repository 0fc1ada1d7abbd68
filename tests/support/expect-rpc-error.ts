import { expect } from 'vitest'

import type { RawReply } from './raw-post.ts'

export type ExpectedError = Readonly<{ status: number; code: number; id: unknown }>

/** A refusal of the MCP endpoint: a JSON-RPC error, in JSON that no cache keeps. */
export function expectRpcError(reply: RawReply, { status, code, id }: ExpectedError): void {
  const error = expect.objectContaining({ code, message: expect.any(String) })
  expect({ status: reply.status, body: reply.json() }).toEqual({
    status,
    body: { jsonrpc: '2.0', id, error },
  })
  expect(reply.headers['content-type']).toBe('application/json')
  expect(reply.headers['cache-control']).toBe('no-store')
  expect(reply.headers['content-length']).toBe(String(Buffer.byteLength(reply.text)))
}
