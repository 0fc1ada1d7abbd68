import { describe, expect, it } from 'vitest'

import { ExactNumber } from '../../ground/exact-number.ts'
import { comparesNumbers } from './exact-arguments.ts'
import { createTestMcp, snapshotOf, testItem, testPrincipal, type TestMcp } from '../testing.ts'

const open = (inputSchema: object): TestMcp =>
  createTestMcp({ catalogue: () => snapshotOf([testItem('tool', { name: 'pay', inputSchema })]) })

async function send(mcp: TestMcp, args: string, headers: Record<string, string> = {}) {
  const meta = `{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
  const { body } = await mcp.handle(
    {
      principal: testPrincipal,
      body: Buffer.from(
        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"files__pay","arguments":${args},"_meta":${meta}}}`,
      ),
      headers: {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'files__pay',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      clientIp: '',
      viewer: () => undefined,
    },
    { notify: () => undefined },
    new AbortController().signal,
  )
  return JSON.parse(body?.toString() ?? '{}')
}

const schemaOf = (n: object) => ({ type: 'object', properties: { n, text: {} } })

describe('arguments with a number that no double holds (MCP-92)', () => {
  it.each([
    '9007199254740993',
    '1e400',
    '0.12345678901234567890',
    '-123456789012345678901234567890',
  ])('reach rules as it is, and servers as it was written: %s', async (text) => {
    const mcp = open(schemaOf({ type: 'number' }))
    // The scripted server writes its arguments, which is what nobody may do with such a number.
    await send(mcp, `{ "n":${text} ,"text":"5.0"}`)
    const [made] = mcp.calls
    const { n } = Object(made?.args)
    expect(n).toBeInstanceOf(ExactNumber)
    expect(String(n)).toBe(text)
    const { arguments: span = [0, 0] } = made?.frame.spans ?? {}
    expect(made?.frame.bytes.toString('utf8', ...span)).toBe(`{ "n":${text} ,"text":"5.0"}`)
  })

  it('are as they always were beside it', async () => {
    const mcp = open(schemaOf({ type: 'number' }))
    await send(mcp, '{"n":9007199254740993,"text":[1.5,{"a":null}]}')
    expect(mcp.calls[0]?.args).toMatchObject({ text: [1.5, { a: null }] })
  })

  it.each([
    ['{"type":"integer"}', '9007199254740993', true],
    ['{"type":"integer"}', '9007199254740993.5', false],
    ['{"type":"number"}', '9007199254740993.5', true],
    ['{"type":"string"}', '9007199254740993', false],
    ['{}', '9007199254740993', true],
    ['{"type":"array","items":{"type":"integer"}}', '[1,1e400]', true],
    ['{"type":"array","items":{"type":"integer"}}', '[1,1e-400]', false],
    ['{"enum":["a","b"]}', '9007199254740993', false],
  ])('fit the schema %s with %s: %s', async (schema, value, isFitting) => {
    const mcp = open(schemaOf(JSON.parse(schema)))
    const reply = await send(mcp, `{"n":${value}}`)
    expect(mcp.calls).toHaveLength(isFitting ? 1 : 0)
    expect(reply.error?.code === -32_602).toBe(!isFitting)
  })

  it.each(['{"maximum":1e300}', '{"multipleOf":2}', '{"const":1}', '{"enum":["a",[{"b":1}]]}'])(
    'are refused where the schema says of the number what cannot be checked: %s',
    async (schema) => {
      const mcp = open(schemaOf(JSON.parse(schema)))
      expect((await send(mcp, '{"n":9007199254740993}')).error.code).toBe(-32_602)
      expect(mcp.calls).toEqual([])
    },
  )

  it('stand in headers as they were written', async () => {
    const mcp = open(schemaOf({ type: 'integer', 'x-mcp-header': 'N' }))
    const wrong = await send(mcp, '{"n":9007199254740993}', { 'mcp-param-n': '9007199254740992' })
    expect(wrong.error.code).toBe(-32_020)
    await send(mcp, '{"n":9007199254740993}', { 'mcp-param-n': '9007199254740993' })
    expect(mcp.calls).toHaveLength(1)
  })

  it('are refused for what a schema says anywhere, also in a list', () => {
    expect(comparesNumbers({ anyOf: [{ properties: { x: { minimum: 1 } } }] })).toBe(true)
    expect(comparesNumbers({ properties: { x: { type: 'number', title: 'minimum' } } })).toBe(false)
  })
})
