import type { ServerResponse } from 'node:http'

import { type SeenRequest, sendEvents, sendJson } from './http-server.ts'

type Reply = (request: SeenRequest, response: ServerResponse) => void

const MIB = 1024 * 1024
const HUGE_MIB = 100

const result = (request: SeenRequest, text: string) => ({
  jsonrpc: '2.0',
  id: request.message.id,
  result: { resultType: 'complete', content: [{ type: 'text', text }] },
})
const notice = (number: number) => ({
  jsonrpc: '2.0',
  method: 'notifications/io.example',
  params: { number },
})

const send =
  (status: number, type: string, body: string): Reply =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': type, location: '/' }).end(body)

/** Ways in which an HTTP server answers a call, by the name that the call gives in `arguments.how`. */
export const badReplies: Readonly<Record<string, Reply>> = {
  fine: (request, response) => sendJson(response, 200, result(request, 'fine')),
  html: send(200, 'text/html', '<h1>Sign in</h1>'),
  'an error page': send(500, 'text/html', '<h1>theirs</h1>'),
  'a redirect': send(302, 'text/html', ''),
  garbage: send(200, 'application/json', 'theirs, and no JSON'),
  'a number': send(200, 'application/json', '5'),
  nothing: send(200, 'application/json', ''),
  'no type': (_, response) => void response.writeHead(200).end(),
  'half a frame': (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"jsonrpc":"2.0","id"', () => response.destroy())
  },
  'half an event': (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"jsonrpc":"2.0"')
  },
  'events that are none': (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: theirs\n\n')
  },
  'a result that is no object': (request, response) =>
    sendJson(response, 200, { ...result(request, ''), result: 5 }),
  'a member twice': (request, response) => {
    const text = `{"jsonrpc":"2.0","id":${request.message.id},"result":{"content":[],"content":[]}}`
    response.writeHead(200, { 'content-type': 'application/json' }).end(text)
  },
  'a control character': (request, response) => {
    const text = JSON.stringify(result(request, 'a long text '.repeat(20)))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(text.replace('long text a long', 'long text a\u0001long'))
  },
  "another's answer": (request, response) =>
    sendJson(response, 200, { ...result(request, 'theirs'), id: 999_999 }),
  'two answers': (request, response) =>
    sendEvents(response, [result(request, 'first'), result(request, 'second')]),
  'a notice after the answer': (request, response) =>
    sendEvents(response, [notice(1), result(request, 'first'), notice(2)]),
  'too much': (_, response) => void sendHuge(response, 'application/json', '{"x":"'),
  'an event without end': (_, response) => void sendHuge(response, 'text/event-stream', 'data: "'),
}

async function sendHuge(response: ServerResponse, type: string, head: string): Promise<void> {
  response.writeHead(200, { 'content-type': type })
  response.write(head)
  const piece = Buffer.alloc(MIB, 'x')
  for (let sent = 0; sent < HUGE_MIB && !response.destroyed; sent += 1) {
    const { promise, resolve } = Promise.withResolvers<void>()
    response.write(piece, () => resolve())
    response.once('close', resolve)
    await promise
    response.removeListener('close', resolve)
  }
  response.end()
}
