import { expect, it } from 'vitest'

import { encodeRequest } from './encode-request.ts'
import { parseClientMessage } from './frame.ts'

it.each([
  ['{"type":"ref/prompt" ,"name":"files__greet"}', { name: 'greet' }, '"name":"greet"'],
  ['{"type":"ref/resource" ,"uri":"peta.a+x:{y}"}', { uri: 'x:{y}' }, '"uri":"x:{y}"'],
])('replaces what %s refers to, and not one byte of a completion (MCP-106)', (ref, to, own) => {
  const rest =
    '"argument":{"name":"name" , "value":"files__greet"},"context":{"arguments":{"n":1.0, "u":"\\u0041"}}'
  const completion = (reference: string, id: string): string =>
    `{"jsonrpc":"2.0","id":${id},"method":"completion/complete","params":{"ref":${reference}, ${rest}}}`
  const message = parseClientMessage(Buffer.from(completion(ref, '"a"')))
  if (message.kind !== 'request') throw new Error('not a request')
  const sent = encodeRequest({ frame: message.frame, era: 'legacy', hopId: 7, ...to })
  const type = ref.slice(0, ref.indexOf(',') + 1)
  expect(sent.toString()).toBe(completion(`${type}${own}}`, '7'))
})

it('tells a server of an older revision nothing of rounds, when a call is made again (MCP-69)', () => {
  const call = (round: string): Buffer =>
    Buffer.from(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${round}"name":"a", "arguments":{"n":1.0}}}`,
    )
  const message = parseClientMessage(call('"requestState":"s" ,"inputResponses":{"v1":{}},'))
  if (message.kind !== 'request') throw new Error('not a request')
  const sent = encodeRequest({ frame: message.frame, era: 'legacy', hopId: 1, round: {} })
  expect(sent.toString()).toBe(call('').toString())
})
