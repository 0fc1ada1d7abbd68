import { expect, it } from 'vitest'

import { ExchangeError } from './exchange.ts'
import { readMessage } from './message.ts'
import { createUpstream } from './upstream.ts'

const VERSION = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }

/** What leaves for Core with a call; nothing answers it. */
function setUp() {
  const sent: Readonly<Record<string, string>>[] = []
  const upstream = createUpstream({
    request({ headers }) {
      sent.push(headers)
      return Promise.reject(new ExchangeError(true, {}))
    },
  })
  async function headersOf(name: string, args: object) {
    const params = { name, arguments: args, _meta: VERSION }
    const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const message = readMessage(Buffer.from(text))
    if (!message) throw new Error('unreachable')
    await upstream.send(message, new AbortController().signal, () => {}).catch(() => undefined)
    const own = Object.entries(sent.at(-1) ?? {}).filter(([header]) =>
      header.startsWith('Mcp-Param-'),
    )
    return Object.fromEntries(own)
  }
  const list = (...tools: readonly object[]): void =>
    upstream.learn(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } })))
  return { list, headersOf }
}

const properties = {
  region: { type: 'string', 'x-mcp-header': 'Region' },
  place: { type: 'object', properties: { city: { type: 'string', 'x-mcp-header': 'City' } } },
  size: { type: 'integer', 'x-mcp-header': 'Size' },
  odd: { type: 'string', 'x-mcp-header': 'not a token' },
  note: { type: 'string' },
}
const sell = { name: 'sell', inputSchema: { type: 'object', properties } }
const args = { region: 'eu', place: { city: 'Köln' }, size: null, odd: 'o', note: 'n' }

it('repeats arguments in headers as the tools that were listed say, and no others (MCP-40, MCP-22)', async () => {
  const { list, headersOf } = setUp()
  expect(await headersOf('sell', args)).toEqual({})
  list(sell, { name: 'plain', inputSchema: { type: 'object' } })
  expect(await headersOf('sell', args)).toEqual({
    'Mcp-Param-Region': 'eu',
    'Mcp-Param-City': `=?base64?${Buffer.from('Köln').toString('base64')}?=`,
  })
  expect(await headersOf('sell', { size: 3 })).toEqual({ 'Mcp-Param-Size': '3' })
  expect(await headersOf('plain', args)).toEqual({})
})

it('goes by the list that it saw last, and by none that is no list (MCP-40)', async () => {
  const { list, headersOf } = setUp()
  list(sell)
  list({ name: 7 }, {})
  expect(await headersOf('sell', { size: 3 })).toEqual({ 'Mcp-Param-Size': '3' })
  list({ name: 'sell', inputSchema: { type: 'object' } })
  expect(await headersOf('sell', { size: 3 })).toEqual({})
})
