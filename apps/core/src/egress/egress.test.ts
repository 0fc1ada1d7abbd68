import { afterAll, beforeAll, expect, it } from 'vitest'

import {
  sendJson,
  startHttpServer,
  type HttpTestServer,
} from '../../../../tests/support/http-server.ts'
import type { Resolve } from './connector.ts'
import { createEgress } from './egress.ts'
import type { ExchangeFailure, OutboundRequest } from './exchange.ts'

let server: HttpTestServer

beforeAll(async () => {
  server = await startHttpServer(({ headers }, response) => {
    switch (headers['x-case']) {
      case 'redirect':
        response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end()
        break
      case 'big':
        response.writeHead(200).end('x'.repeat(100_000))
        break
      case 'encoded':
        response.writeHead(200, { 'content-encoding': 'gzip' }).end('x')
        break
      case 'headers':
        response.writeHead(200, { 'x-long': 'y'.repeat(40_000) }).end()
        break
      case 'hang':
        break
      case undefined:
      default:
        sendJson(response, 200, { ok: true })
    }
  })
})

afterAll(() => server[Symbol.asyncDispose]())

const never: Resolve = () => Promise.reject(new Error('nothing to resolve here'))
const answering =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

type Result =
  | Readonly<{ kind: 'answer'; status: number; body: string }>
  | Readonly<{ kind: 'failure'; failure: ExchangeFailure }>

async function request(
  resolve: Resolve,
  url: string,
  over: Partial<OutboundRequest> & { case?: string; abort?: boolean } = {},
): Promise<Result> {
  await using egress = createEgress(resolve)
  const door = egress.open({ url, allowLoopback: true })
  return await exchange(door.exchange, over)
}

function exchange(
  start: ReturnType<ReturnType<typeof createEgress>['open']>['exchange'],
  over: Partial<OutboundRequest> & { case?: string; abort?: boolean } = {},
): Promise<Result> {
  const { promise, resolve } = Promise.withResolvers<Result>()
  let status = 0
  let body = ''
  const running = start(
    {
      method: 'POST',
      headers: ['x-case', over.case ?? 'plain'],
      body: Buffer.from('{}'),
      responseBytesMax: 10_000,
      idleMs: 5000,
      ...over,
    },
    {
      onStart: (answered) => (status = answered),
      onBytes: (chunk) => (body += chunk.toString()),
      onEnd: () => resolve({ kind: 'answer', status, body }),
      onFail: (failure) => resolve({ kind: 'failure', failure }),
    },
  )
  if (over.abort) setImmediate(() => running.abort())
  return promise
}

it('connects by name to the address that was checked', async () => {
  const url = `http://mcp.example:${server.port}/`
  expect(await request(answering('127.0.0.1'), url)).toMatchObject({ kind: 'answer', status: 200 })
})

it('refuses a name of which one address is not allowed, among good ones (A-03, SEC-40)', async () => {
  const url = `http://mcp.example:${server.port}/`
  const before = server.seen.length
  for (const addresses of [
    ['127.0.0.1', '10.0.0.1'],
    ['93.184.216.34'],
    ['::ffff:127.0.0.1'],
    [],
  ]) {
    expect(await request(answering(...addresses), url)).toMatchObject({
      failure: { reason: 'refused', isSent: false },
    })
  }
  expect(server.seen).toHaveLength(before)
})

it('asks again for the name on each connection, and connects only to what that answer was (A-03)', async () => {
  const answers = [['127.0.0.1'], ['169.254.169.254']]
  await using egress = createEgress(async () =>
    (answers.shift() ?? []).map((address) => ({ address, family: 4 })),
  )
  const url = `http://mcp.example:${server.port}/`
  expect(await exchange(egress.open({ url, allowLoopback: true }).exchange)).toMatchObject({
    status: 200,
  })
  // A request that keeps its socket busy makes the next one need a new socket, and with it a new answer.
  const hanging = exchange(egress.open({ url, allowLoopback: true }).exchange, {
    case: 'hang',
    abort: true,
  })
  expect(await exchange(egress.open({ url, allowLoopback: true }).exchange)).toMatchObject({
    failure: { reason: 'refused', isSent: false },
  })
  await hanging
})

it('follows no redirect, to a private address or anywhere (A-05, SEC-41)', async () => {
  const before = server.seen.length
  expect(await request(never, server.url, { case: 'redirect' })).toMatchObject({ status: 302 })
  expect(server.seen).toHaveLength(before + 1)
})

it('refuses a metadata address from a document as from an administrator (A-06, SEC-42)', () => {
  const egress = createEgress(never)
  expect(() => egress.open({ url: 'http://169.254.169.254/x', allowLoopback: true })).toThrow(
    expect.objectContaining({ code: 'egress_refused' }),
  )
})

it('cuts off a body beyond its bound, and headers beyond theirs (SEC-41)', async () => {
  expect(await request(never, server.url, { case: 'big' })).toMatchObject({
    failure: { reason: 'too_large', isSent: true },
  })
  expect(await request(never, server.url, { case: 'headers' })).toMatchObject({
    failure: { reason: 'broken', isSent: true },
  })
})

it('refuses compressed answers, which were not asked for (SEC-41)', async () => {
  expect(await request(never, server.url, { case: 'encoded' })).toMatchObject({
    failure: { reason: 'encoded' },
  })
})

it('says that nothing was sent where nothing listens (RUN-55)', async () => {
  expect(await request(never, 'http://127.0.0.1:9/')).toMatchObject({
    failure: { reason: 'broken', isSent: false },
  })
})

it('ends an exchange that nobody waits for', async () => {
  expect(await request(never, server.url, { case: 'hang', abort: true })).toMatchObject({
    failure: { reason: 'aborted' },
  })
})

it('leaves room for calls beside streams that stay open', async () => {
  await using egress = createEgress(never)
  const door = egress.open({ url: server.url, allowLoopback: true })
  const streams = Array.from({ length: 200 }, () => {
    const ignore = { onStart() {}, onBytes() {}, onEnd() {}, onFail() {} }
    const headers = ['x-case', 'hang']
    const lasting = { method: 'GET', headers, responseBytesMax: 1, isLasting: true } as const
    return door.exchange(lasting, ignore)
  })
  expect(await exchange(door.exchange, {})).toMatchObject({ kind: 'answer', status: 200 })
  for (const stream of streams) stream.abort()
})
