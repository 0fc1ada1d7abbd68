import { describe, expect, it } from 'vitest'

import type { McpReply } from '../outcome.ts'
import { createTestMcp, snapshotOf, testItem } from '../testing.ts'

const read = (reply: McpReply) => ({
  status: reply.status,
  ...(reply.body && JSON.parse(reply.body.toString())),
})

describe('arguments (POL-13)', () => {
  it.each([
    ['a missing member', {}],
    ['another type', { text: 5 }],
    ['an undeclared member', { text: 'a', more: 1 }],
    ['a pattern', { text: '<' }],
    ['a list', []],
  ])('are refused before policy: %s', async (_what, args) => {
    const mcp = createTestMcp()
    const reply = read(await mcp.ask('tools/call', { name: 'files__echo', arguments: args }))
    expect(reply).toMatchObject({ status: 200, error: { code: -32_602 } })
    expect(mcp.calls).toEqual([])
  })

  it.each([
    ['a dialect nobody here speaks', { $schema: 'https://example.com/mine' }],
    ['a reference beyond itself', { $ref: 'https://example.com/other.json' }],
    ['a pattern that needs backtracking', { properties: { a: { pattern: '(?=x)y' } } }],
  ])(
    'of a schema with %s are refused, because nothing could check them (MCP-93)',
    async (_what, more) => {
      const tool = testItem('tool', { name: 'odd', inputSchema: { type: 'object', ...more } })
      const mcp = createTestMcp({ catalogue: () => snapshotOf([tool]) })
      const reply = read(await mcp.ask('tools/call', { name: 'files__odd', arguments: { a: 'y' } }))
      expect(reply.error.code).toBe(-32_602)
    },
  )

  it.each([
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
  ])('are checked in the dialect %s (MCP-93)', async ($schema) => {
    const inputSchema = { $schema, type: 'object', properties: { a: { type: 'string' } } }
    const tool = testItem('tool', { name: 'old', inputSchema })
    const mcp = createTestMcp({ catalogue: () => snapshotOf([tool]) })
    const ask = (a: unknown) => mcp.ask('tools/call', { name: 'files__old', arguments: { a } })
    expect(read(await ask('x')).error).toBeUndefined()
    expect(read(await ask(1)).error.code).toBe(-32_602)
  })

  it('does not take an inherited name for a member that was sent', async () => {
    const tool = testItem('tool', {
      name: 'proto',
      inputSchema: { type: 'object', required: ['constructor'] },
    })
    const mcp = createTestMcp({ catalogue: () => snapshotOf([tool]) })
    const reply = read(await mcp.ask('tools/call', { name: 'files__proto', arguments: {} }))
    expect(reply.error.code).toBe(-32_602)
  })
})

describe('resources', () => {
  const readUri = async (uri: string) => {
    const mcp = createTestMcp()
    const reply = read(await mcp.ask('resources/read', { uri }))
    return { reply, call: mcp.calls[0] }
  }

  it.each([
    ['as listed', 'peta.files+note:///one', 'note:///one'],
    ['by a template', 'peta.files+note:///two', 'note:///two'],
    ['as their server wrote them', 'note:///two', 'note:///two'],
  ])('are found %s (MCP-104, MCP-105)', async (_what, uri, name) => {
    const { call } = await readUri(uri)
    expect(call).toMatchObject({ action: 'resource.read', name, uri: name })
  })

  it.each([
    'peta.other+note:///one',
    'peta.files+note:///a/b',
    'file:///etc/passwd',
    'peta.files+note:///..',
  ])('of nobody are refused: %s (POL-16)', async (uri) => {
    const { reply, call } = await readUri(uri)
    expect(reply.error.code).toBe(-32_602)
    expect(call).toBeUndefined()
  })
})

describe('completions (MCP-106)', () => {
  const argument = { name: 'who', value: 'files__greet' }
  const context = { arguments: { other: 'peta.files+note:///one', n: '1e3' } }

  const complete = async (ref: object) => {
    const mcp = createTestMcp()
    const reply = read(await mcp.ask('completion/complete', { ref, argument, context }))
    return { reply, call: mcp.calls[0] }
  }

  it.each([
    ['a prompt by its name', { type: 'ref/prompt', name: 'files__greet' }, 'prompt', 'greet'],
    [
      'a template by its URI',
      { type: 'ref/resource', uri: 'peta.files+note:///{name}' },
      'resource_template',
      'note:///{name}',
    ],
    [
      'a resource by its URI',
      { type: 'ref/resource', uri: 'peta.files+note:///one' },
      'resource',
      'note:///one',
    ],
  ])('find %s, and leave the values as they came', async (_what, ref, kind, name) => {
    const { call } = await complete(ref)
    expect(call).toMatchObject({ action: 'completion.get', name, item: { kind, name } })
    expect(call?.args).toEqual({ argument, context })
  })

  it.each([
    ['an original name', { type: 'ref/prompt', name: 'greet' }],
    ['the name of a tool', { type: 'ref/prompt', name: 'files__echo' }],
    ['an original template', { type: 'ref/resource', uri: 'note:///{name}' }],
    ['what a template would match', { type: 'ref/resource', uri: 'peta.files+note:///two' }],
    ['another server', { type: 'ref/resource', uri: 'peta.other+note:///{name}' }],
    ['a reference of no known type', { type: 'ref/tool', name: 'files__echo' }],
    ['nothing', {}],
  ])('of %s reach nobody', async (_what, ref) => {
    const { reply, call } = await complete(ref)
    expect(reply.error.code).toBe(-32_602)
    expect(call).toBeUndefined()
  })
})
