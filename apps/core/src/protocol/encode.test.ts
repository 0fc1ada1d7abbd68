import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Era, Frame } from '../model/frame.ts'
import { encodeRequest } from './encode-request.ts'
import { encodeResult, relayedCode } from './encode-result.ts'
import { parseClientMessage } from './frame.ts'
import { readServerFrame } from './server-frame.ts'

/** Spellings that a parse and a restringify would lose (MCP-81). */
const ODD =
  '{"big":12345678901234567890,"one":1.0,"exp":1e3,"esc":"\\u0041\\/","z":1,"a":{ "n" : null }}'

function frameOf(text: string): Frame {
  const message = parseClientMessage(Buffer.from(text))
  if (!('frame' in message)) throw new Error('not a frame')
  return message.frame
}

const request = (params: string): Frame =>
  frameOf(`{"x":[1], "jsonrpc":"2.0","id":"a-1","method":"tools/call","params":${params},"y":2}`)

describe('toward a server', () => {
  it('replaces id, name and token, and not one other byte (MCP-82)', () => {
    const frame = request(
      `{"name":"files__echo" ,"odd":${ODD},"arguments":${ODD},"_meta":{"progressToken":"t","mine":${ODD}}}`,
    )
    const sent = encodeRequest({ frame, era: 'legacy', hopId: 7, name: 'echo', progressToken: 3 })
    expect(sent.toString()).toBe(
      `{"x":[1], "jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo" ,"odd":${ODD},"arguments":${ODD},"_meta":{"mine":${ODD},"progressToken":3}},"y":2}`,
    )
  })

  it('never passes on a token that the hop did not make (MCP-130)', () => {
    const frame = request('{"name":"a","_meta":{"progressToken":"theirs"}}')
    expect(encodeRequest({ frame, era: 'legacy', hopId: 1 }).toString()).not.toContain('theirs')
  })

  it('writes no token where the client sent none (MCP-130)', () => {
    const frame = request('{"name":"a"}')
    const sent = encodeRequest({ frame, era: 'legacy', hopId: 1, progressToken: 5 })
    expect(sent.toString()).not.toContain('progressToken')
  })

  it.each(['{"name":"a"}', '{}', '{"name":"a","_meta":{}}', '{ "_meta" : {"k":1} }'])(
    'speaks for itself to a modern server, whatever params hold: %s',
    (params) => {
      const frame = request(params)
      const sent = encodeRequest({
        frame,
        era: 'modern',
        hopId: 1,
        protocolVersion: '2026-07-28',
        clientInfo: { name: 'peta', version: '1' },
        clientCapabilities: {},
      })
      const { _meta: meta, ...rest } = JSON.parse(sent.toString()).params
      expect(meta).toMatchObject({
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/clientInfo': { name: 'peta', version: '1' },
      })
      expect({ ...rest, ...(params.includes('_meta') && { _meta: undefined }) }).toEqual({
        ...JSON.parse(params),
        ...(params.includes('_meta') && { _meta: undefined }),
      })
    },
  )

  it('adds params to a request that has none', () => {
    const frame = frameOf('{"jsonrpc":"2.0","id":1,"method":"server/discover"}')
    const sent = encodeRequest({ frame, era: 'modern', hopId: 1, protocolVersion: '2026-07-28' })
    expect(readServerFrame(sent).kind).toBe('request')
    expect(JSON.parse(sent.toString()).params._meta).toBeDefined()
  })

  it('takes the metadata of one era out for the other (MCP-82)', () => {
    const meta =
      '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{},"io.modelcontextprotocol/logLevel":"info","mine":1}'
    const frame = request(`{"name":"a","_meta":${meta}}`)
    const sent = encodeRequest({ frame, era: 'legacy', hopId: 1 }).toString()
    expect(JSON.parse(sent).params._meta).toEqual({ mine: 1 })
  })

  it.each(['{"name":"a"}', '{"_meta":{"io.modelcontextprotocol/logLevel":"debug"}}'])(
    'tells a modern server the log level of a session once, whatever its request holds: %s',
    (params) => {
      const sent = encodeRequest({ frame: request(params), era: 'modern', logLevel: 'error' })
      expect(sent.toString().match(/"io.modelcontextprotocol\/logLevel":"\w+"/g)).toEqual([
        '"io.modelcontextprotocol/logLevel":"error"',
      ])
    },
  )

  it('tells an older server no log level, which has a request for that', () => {
    const sent = encodeRequest({ frame: request('{}'), era: 'legacy', logLevel: 'error' })
    expect(sent.toString()).not.toContain('logLevel')
  })
})

type Told = Readonly<{
  answer: string
  clientEra: Era
  serverEra: Era
  method?: string
  isReplay?: boolean
}>

function tell({
  answer,
  clientEra,
  serverEra,
  method = 'tools/call',
  isReplay = false,
}: Told): string {
  return encodeResult({
    answer: readServerFrame(Buffer.from(answer)),
    serverEra,
    request: frameOf(`{"jsonrpc":"2.0","id":"a-\\u0031","method":"${method}"}`),
    clientEra,
    alias: 'files',
    serverInfo: '{"name":"peta"}',
    isReplay,
  }).toString()
}

const eras: readonly Era[] = ['legacy', 'modern']

describe('toward a client', () => {
  it('restores the id to the byte and changes nothing else between legacy peers (MCP-82)', () => {
    const result = `{"content":[{"type":"odd","more":${ODD}}],"structuredContent":${ODD},"unknown":${ODD}}`
    const answer = `{"id":9,"jsonrpc":"2.0", "result":${result} ,"extra":${ODD}}`
    expect(tell({ answer, clientEra: 'legacy', serverEra: 'legacy' })).toBe(
      answer.replace('"id":9', '"id":"a-\\u0031"'),
    )
  })

  it('says what it is and who answers to a modern client (MCP-25)', () => {
    const answer = '{"jsonrpc":"2.0","id":9,"result":{"content":[]}}'
    const { result } = JSON.parse(tell({ answer, clientEra: 'modern', serverEra: 'legacy' }))
    expect(result).toEqual({
      resultType: 'complete',
      content: [],
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'peta' } },
    })
  })

  it("moves the server's own description aside and keeps unknown result types (MCP-25, MCP-81)", () => {
    const answer =
      '{"jsonrpc":"2.0","id":9,"result":{"resultType":"novel","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"x"},"io.peta/server":{"name":"lie"},"k":1.0}}}'
    const text = tell({ answer, clientEra: 'modern', serverEra: 'modern' })
    expect(text).toContain('"k":1.0')
    expect(JSON.parse(text).result).toEqual({
      resultType: 'novel',
      _meta: {
        k: 1,
        'io.modelcontextprotocol/serverInfo': { name: 'peta' },
        'io.peta/server': { name: 'x' },
      },
    })
  })

  it.each([
    ['legacy', '', 0],
    ['modern', ',"ttlMs":60000,"cacheScope":"public"', 60_000],
    ['modern', ',"ttlMs":86400000', 300_000],
    ['modern', ',"ttlMs":-5', 0],
  ] as const)(
    'bounds how long a read of a %s server holds%s (MCP-119)',
    (serverEra, more, ttlMs) => {
      const answer = `{"jsonrpc":"2.0","id":9,"result":{"contents":[]${more}}}`
      const told = tell({ answer, clientEra: 'modern', serverEra, method: 'resources/read' })
      expect(JSON.parse(told).result).toMatchObject({ ttlMs, cacheScope: 'private' })
    },
  )

  it('takes out what older clients do not know, in any order of members (MCP-62, MCP-63)', () => {
    const members = [
      '"resultType":"complete"',
      '"ttlMs" : 5',
      '"cacheScope":"private"',
      '"structuredContent":[1]',
      '"isError":false',
    ]
    fc.assert(
      fc.property(fc.shuffledSubarray(members), (chosen) => {
        const all = [...chosen, '"content":[7]'].join(' , ')
        const answer = `{"jsonrpc":"2.0","id":9,"result":{ ${all} }}`
        const { result } = JSON.parse(tell({ answer, clientEra: 'legacy', serverEra: 'modern' }))
        expect(Object.keys(result)).toEqual(
          ['isError', 'content'].filter((name) => all.includes(name)),
        )
      }),
    )
  })

  it('names resources as clients can read them, only where a resource is named (MCP-105)', () => {
    const result = {
      content: [
        { type: 'text', text: '"uri" file:///a', uri: 'file:///text' },
        { type: 'resource_link', uri: 'file:///link' },
        { type: 'resource', resource: { uri: 'file:///embedded', text: '' } },
      ],
      structuredContent: { uri: 'file:///structured' },
      contents: [{ uri: 'ui://panel' }],
      messages: [{ role: 'user', content: { type: 'resource_link', uri: 'file:///said' } }],
    }
    const answer = JSON.stringify({ jsonrpc: '2.0', id: 9, result })
    for (const clientEra of eras) {
      const told = JSON.parse(tell({ answer, clientEra, serverEra: 'legacy' })).result
      expect(told.content[0].uri).toBe('file:///text')
      expect(told.content[1].uri).toBe('peta.files+file:///link')
      expect(told.content[2].resource.uri).toBe('peta.files+file:///embedded')
      expect(told.structuredContent.uri).toBe('file:///structured')
      expect(told.contents[0].uri).toBe('ui://files/panel')
      expect(told.messages[0].content.uri).toBe('peta.files+file:///said')
    }
  })

  it.each([
    [-32_002, 'modern', -32_602],
    [-32_002, 'legacy', -32_002],
    [-32_042, 'modern', -32_603],
    [-32_042, 'legacy', -32_042],
    [-32_020, 'legacy', -32_603],
    [-32_022, 'modern', -32_603],
    [-32_021, 'modern', -32_021],
    [-32_050, 'modern', -32_603],
    [4711, 'modern', 4711],
  ] as const)(
    'relays error %i to a %s client as %i (MCP-83, MCP-24)',
    (code, clientEra, expected) => {
      const answer = `{"jsonrpc":"2.0","id":9,"error":{"code":${code},"message":"m","data":${ODD}}}`
      const told = tell({ answer, clientEra, serverEra: 'legacy' })
      expect(JSON.parse(told).error.code).toBe(expected)
      expect(told).toContain(`"message":"m","data":${ODD}`)
      expect(relayedCode(code, clientEra)).toBe(expected)
    },
  )

  it.each([
    ['legacy', '{}'],
    ['legacy', '{"content":[]}'],
    ['legacy', '{"_meta":{}}'],
    ['legacy', '{"_meta":{"k":1},"content":[]}'],
    ['modern', '{"resultType":"complete"}'],
    ['modern', '{"resultType":"complete","ttlMs":1,"content":[]}'],
  ] as const)(
    'marks an answer that is given again, from a %s server: %s (APR-43)',
    (serverEra, result) => {
      const answer = `{"jsonrpc":"2.0","id":9,"result":${result}}`
      for (const clientEra of eras) {
        const told = JSON.parse(tell({ answer, clientEra, serverEra, isReplay: true }))
        expect(told.result._meta['io.peta/replayed']).toBe(true)
      }
    },
  )

  it('refuses a result that is no object', () => {
    const answer = '{"jsonrpc":"2.0","id":9,"result":5}'
    expect(() => tell({ answer, clientEra: 'modern', serverEra: 'legacy' })).toThrow(
      'server_misbehaves',
    )
  })
})

describe('a server frame', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1,"result":{"isError":true}}', 'response', true],
    ['{"jsonrpc":"2.0","id":1,"result":{"isError":false,"x":{"isError":true}}}', 'response', false],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":""}}', 'response', true],
    ['{"jsonrpc":"2.0","id":"x","method":"elicitation/create","params":{}}', 'request', false],
    [
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":3}}',
      'notification',
      false,
    ],
  ])('is told apart: %s', (text, kind, isError) => {
    expect(readServerFrame(Buffer.from(text))).toMatchObject({ kind, isError })
  })

  it.each([
    ['a name twice', '{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}', 'frame_invalid'],
    [
      'too deep',
      `{"jsonrpc":"2.0","id":1,"result":${'['.repeat(200)}${']'.repeat(200)}}`,
      'frame_invalid',
    ],
    ['neither result nor error', '{"jsonrpc":"2.0","id":1}', 'frame_invalid'],
    ['a page of HTML', '<html>', 'not_json'],
  ])('fails as a whole: %s (MCP-91)', (_what, text, code) => {
    expect(() => readServerFrame(Buffer.from(text))).toThrow(code)
  })
})
