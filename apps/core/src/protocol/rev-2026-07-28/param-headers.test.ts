import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { checkParamHeaders, findParamHeaders, paramHeadersOf } from './param-headers.ts'

const annotated = findParamHeaders({
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    page: { properties: { size: { type: 'integer', 'x-mcp-header': 'Size' } } },
    dry: { type: 'boolean', 'x-mcp-header': 'Dry' },
  },
})

describe('arguments that travel as headers', () => {
  it('are sent so that the same check accepts them (MCP-22, MCP-54)', () => {
    const args = fc.record(
      {
        region: fc.string({ unit: fc.constantFrom('e', 'u', '-', '1') }),
        page: fc.record({ size: fc.option(fc.integer()) }),
        dry: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(args, (given) => {
        const headers = Object.fromEntries(paramHeadersOf(annotated, given))
        expect(() => checkParamHeaders(annotated, given, headers)).not.toThrow()
      }),
    )
  })

  it('stay out of headers when they are absent, null or no plain value', () => {
    for (const region of [undefined, null, {}, ['eu']]) {
      expect(paramHeadersOf(annotated, { region })).toEqual([])
    }
    expect(paramHeadersOf(annotated, undefined)).toEqual([])
  })

  it('are refused when they are more than a header block holds (MCP-54)', () => {
    const refused = expect.objectContaining({ code: 'params_invalid' })
    const long = { region: 'x'.repeat(5000) }
    expect(() => paramHeadersOf(annotated, long)).toThrow(refused)
    const names = Array.from({ length: 33 }, (_, index) => `h${index}`)
    const many = findParamHeaders({
      properties: Object.fromEntries(names.map((name) => [name, { 'x-mcp-header': name }])),
    })
    const all = Object.fromEntries(names.map((name) => [name, true]))
    expect(() => paramHeadersOf(many, all)).toThrow(refused)
  })
})

describe('a header that repeats an argument', () => {
  const base64 = (text: string | Buffer) => `=?base64?${Buffer.from(text).toString('base64')}?=`

  it.each([
    [{ region: 'eu' }, { 'mcp-param-region': 'eu' }],
    [{ region: 'eu' }, { 'mcp-param-region': base64('eu') }],
    [{ region: 'Ü "x"' }, { 'mcp-param-region': base64('Ü "x"') }],
    [{ region: 'a\r\nb\t' }, { 'mcp-param-region': base64('a\r\nb\t') }],
    [{ page: { size: 42 } }, { 'mcp-param-size': '42' }],
    [{ page: { size: 42 } }, { 'mcp-param-size': '42.0' }],
    [{ dry: false }, { 'mcp-param-dry': 'false' }],
    [{ region: null, dry: null }, {}],
    [{}, { 'mcp-param-unknown': 'x' }],
  ])('says the same in every way it may: %j by %j (MCP-22)', (args, headers) => {
    expect(() => checkParamHeaders(annotated, args, headers)).not.toThrow()
  })

  it.each([
    ['absent', { region: 'eu' }, {}],
    ['there for nothing', {}, { 'mcp-param-region': 'eu' }],
    ['there for null', { region: null }, { 'mcp-param-region': 'null' }],
    ['another text', { region: 'eu' }, { 'mcp-param-region': 'us' }],
    ['in another case', { region: 'eu' }, { 'mcp-param-region': 'EU' }],
    ['there twice', { region: 'eu' }, { 'mcp-param-region': 'eu, eu' }],
    ['another number', { page: { size: 42 } }, { 'mcp-param-size': '42.5' }],
    ['a number in another spelling', { page: { size: 16 } }, { 'mcp-param-size': '0x10' }],
    ['another truth', { dry: false }, { 'mcp-param-dry': 'true' }],
    ['a truth in another spelling', { dry: true }, { 'mcp-param-dry': '1' }],
    ['no base64', { region: 'eu' }, { 'mcp-param-region': '=?base64?!!?=' }],
    ['base64 in upper case', { region: 'eu' }, { 'mcp-param-region': base64('eu').toUpperCase() }],
    ['no UTF-8', { region: '\ufffd' }, { 'mcp-param-region': base64(Buffer.from([0xff])) }],
    ['a bare control character', { region: 'a\tb' }, { 'mcp-param-region': 'a\tb' }],
    ['a text for a list', { region: ['eu'] }, { 'mcp-param-region': 'eu' }],
  ])('is refused when it is %s (MCP-22)', (_what, args, headers) => {
    expect(() => checkParamHeaders(annotated, args, headers)).toThrow('header_mismatch')
  })
})
