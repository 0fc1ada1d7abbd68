import { expect, it } from 'vitest'

import { annotationProblem } from './annotation-problem.ts'

const annotated = (name: unknown, type: unknown = 'string') => ({ type, 'x-mcp-header': name })
const withProperties = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  ...more,
})

it.each([
  ['no annotation', withProperties({ a: { type: 'number' } })],
  [
    'every type that a header can say',
    withProperties({
      a: annotated('A'),
      b: annotated('B', 'integer'),
      c: annotated('C', 'boolean'),
    }),
  ],
  ['one that may be null', withProperties({ a: annotated('A', ['string', 'null']) })],
  ['one inside another', withProperties({ a: withProperties({ b: annotated('B') }) })],
  ['an argument of that name', withProperties({ 'x-mcp-header': { type: 'string' } })],
  [
    'data that looks like one',
    withProperties({ a: { default: annotated(''), enum: [annotated('')] } }),
  ],
  ['no schema at all', undefined],
])('accepts %s (MCP-54)', (_what, schema) => {
  expect(annotationProblem(schema)).toBeUndefined()
})

it.each([
  ['empty', withProperties({ a: annotated('') })],
  ['no token', withProperties({ a: annotated('A B') })],
  ['no text', withProperties({ a: annotated(5) })],
  [
    'there twice, ignoring case',
    withProperties({ a: annotated('Region'), b: annotated('region') }),
  ],
  ['on a number', withProperties({ a: annotated('A', 'number') })],
  ['on a list', withProperties({ a: annotated('A', 'array') })],
  ['on an object', withProperties({ a: annotated('A', 'object') })],
  ['on what may be a number', withProperties({ a: annotated('A', ['integer', 'number']) })],
  ['on the arguments as a whole', { ...withProperties({}), ...annotated('A', 'object') }],
  ['in a list', withProperties({ a: { items: annotated('A') } })],
  ['in one of several', withProperties({ a: { anyOf: [annotated('A')] } })],
  ['below a condition', withProperties({}, { else: withProperties({ a: annotated('A') }) })],
  ['in a definition', withProperties({}, { $defs: { a: annotated('A') } })],
  ['by a pattern', withProperties({}, { patternProperties: { '^a': annotated('A') } })],
])('finds fault with an annotation that is %s (MCP-54)', (_what, schema) => {
  expect(annotationProblem(schema)).toEqual(expect.any(String))
})
