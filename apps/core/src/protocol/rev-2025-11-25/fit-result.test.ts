import { describe, expect, it } from 'vitest'

import type { Era, Frame } from '../../model/frame.ts'
import { encodeResult } from '../encode-result.ts'
import { parseClientMessage } from '../frame.ts'
import { readServerFrame } from '../server-frame.ts'
import { type LegacyVersion, legacyVersions } from './version.ts'

function requestOf(method: string): Frame {
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method })
  const message = parseClientMessage(Buffer.from(text))
  if (!('frame' in message)) throw new Error('not a frame')
  return message.frame
}

type Told = Readonly<{ method?: string; serverEra?: Era; isReplay?: boolean }>

/** The text of a result as a client of one version gets it. */
function tell(version: LegacyVersion, result: string, over: Told = {}): string {
  const { method = 'tools/call', serverEra = 'legacy', isReplay = false } = over
  const head = '{"jsonrpc":"2.0","id":1,"result":'
  const told = encodeResult({
    answer: readServerFrame(Buffer.from(`${head}${result}}`)),
    serverEra,
    request: requestOf(method),
    clientEra: 'legacy',
    clientVersion: version,
    alias: 'files',
    serverInfo: '{}',
    isReplay,
  }).toString()
  JSON.parse(told)
  return told.slice(head.length, -1)
}

const before = (version: LegacyVersion) => legacyVersions.filter((other) => other < version)
const from = (version: LegacyVersion) => legacyVersions.filter((other) => other >= version)

describe('structured content', () => {
  const data = '{"b" : 1.0,"a":"\\u0041"}'
  const asText = `[{"type":"text","text":${JSON.stringify(data)}}]`

  it.each(before('2025-06-18'))('is said as text where nothing else is, to %s (MCP-62)', (old) => {
    expect(tell(old, `{"structuredContent":${data},"content" : [ ] ,"x":1.0}`)).toBe(
      `{"structuredContent":${data},"content" : ${asText} ,"x":1.0}`,
    )
    expect(tell(old, `{"structuredContent":${data}}`)).toBe(
      `{"content":${asText},"structuredContent":${data}}`,
    )
  })

  it.each(legacyVersions)('adds nothing to the text that a server wrote, to %s (MCP-62)', (any) => {
    const result = `{"content":[{"type":"text","text":"said"}],"structuredContent":${data}}`
    expect(tell(any, result)).toBe(result)
  })

  it.each(from('2025-06-18'))('stays alone for %s, which knows it (MCP-62)', (version) => {
    const result = `{"content":[],"structuredContent":${data}}`
    expect(tell(version, result)).toBe(result)
  })

  it.each(legacyVersions)(
    'that is no object is withheld from %s, and said as text (MCP-62)',
    (any) => {
      for (const serverEra of ['legacy', 'modern'] as const) {
        expect(tell(any, '{"content":[],"structuredContent":[1.0]}', { serverEra })).toBe(
          '{"content":[{"type":"text","text":"[1.0]"}]}',
        )
        expect(tell(any, '{"structuredContent":7}', { serverEra })).toBe(
          '{"content":[{"type":"text","text":"7"}]}',
        )
        const said = '{"content":[{"type":"text","text":"1"}],"structuredContent":[1.0]}'
        expect(tell(any, said, { serverEra })).toBe('{"content":[{"type":"text","text":"1"}]}')
      }
    },
  )
})

describe('content', () => {
  const around = (block: string): string =>
    `{"content":[{"type":"text","text":"a","odd":1.0}, ${block} ,{"type":"novel","z":1e3}],"_meta":{"k":1.0}}`
  const link =
    '{"type":"resource_link","uri":"note:///a","name":"a.txt","title":"A","description":"First","annotations":{"priority":1.0}}'
  const linkText =
    '{"type":"text","text":"A\\npeta.files+note:///a\\nFirst","annotations":{"priority":1.0}}'

  it.each(before('2025-06-18'))('renders a link to a resource as text for %s (MCP-62)', (old) => {
    expect(tell(old, around(link))).toBe(around(linkText))
  })

  it.each(from('2025-06-18'))('keeps a link to a resource for %s (MCP-62)', (version) => {
    expect(tell(version, around(link))).toBe(
      around(link.replace('"note:///a"', '"peta.files+note:///a"')),
    )
  })

  it('names what audio is to 2024-11-05, and plays it to all others (MCP-62)', () => {
    const audio = around('{"type":"audio","mimeType":"audio/wav","data":"UklGRg=="}')
    const told = tell('2024-11-05', audio)
    expect(JSON.parse(told).content[1]).toEqual({
      type: 'text',
      text: expect.stringContaining('audio/wav'),
    })
    expect(told).not.toContain('UklGRg')
    for (const version of from('2025-03-26')) expect(tell(version, audio)).toBe(audio)
  })

  it('of a prompt is rendered wherever a message has it (MCP-62)', () => {
    const prompt = (content: string): string =>
      `{"messages":[{"role":"user","content":${content}},{"role":"user","content":[${content}]}]}`
    const told = tell('2025-03-26', prompt(link), { method: 'prompts/get' })
    expect(told).toBe(prompt(linkText))
  })
})

it.each([
  '{"_meta":{"io.modelcontextprotocol/serverInfo":{}},"structuredContent":{}}',
  '{"structuredContent":[]}',
  '{"resultType":"complete","structuredContent":[]}',
])('leaves a result that can be read, whatever comes and goes in it: %s', (result) => {
  for (const version of legacyVersions) {
    const told = JSON.parse(tell(version, result, { serverEra: 'modern', isReplay: true }))
    expect(told._meta).toEqual({ 'io.peta/replayed': true })
  }
})

it.each(legacyVersions)(
  'relays a demand to visit an address only from 2025-11-25 on, to %s (MCP-62)',
  (version) => {
    const told = encodeResult({
      answer: readServerFrame(
        Buffer.from('{"jsonrpc":"2.0","id":1,"error":{"code":-32042,"message":"m"}}'),
      ),
      serverEra: 'legacy',
      request: requestOf('tools/call'),
      clientEra: 'legacy',
      clientVersion: version,
      alias: 'files',
      serverInfo: '{}',
    })
    expect(JSON.parse(told.toString()).error.code).toBe(
      version === '2025-11-25' ? -32_042 : -32_603,
    )
  },
)
