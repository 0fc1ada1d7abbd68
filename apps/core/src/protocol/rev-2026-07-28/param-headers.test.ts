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
