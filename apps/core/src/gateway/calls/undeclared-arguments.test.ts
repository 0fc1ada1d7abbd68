import { describe, expect, it } from 'vitest'

import { createFindUndeclared } from './undeclared-arguments.ts'

const find = (schema: unknown, args: unknown): string | undefined =>
  createFindUndeclared(schema, (pattern, name) => new RegExp(pattern).test(name))(args)

const text = { type: 'string' }
const pay = { type: 'object', properties: { amount: text, to: { properties: { name: text } } } }
const open = { ...pay, additionalProperties: true }

describe('members of arguments (POL-15)', () => {
  it.each([
    ['declared', pay, { amount: 'a', to: { name: 'x' } }],
    ['absent', pay, {}],
    ['of any name where the schema says so', open, { more: 1 }],
    ['of any name where the schema says of which type', { additionalProperties: text }, { a: 'b' }],
    ['of any name by the newer keyword', { ...pay, unevaluatedProperties: {} }, { more: 1 }],
    ['matching a declared pattern', { patternProperties: { '^x-': text } }, { 'x-a': 'b' }],
    ['of an inner object that declares none', { properties: { o: {} } }, { o: { any: 1 } }],
    ['declared in both cases', { properties: { a: text, A: text } }, { a: '', A: '' }],
    ['declared by a branch', { anyOf: [pay, { properties: { x: text } }] }, { x: '' }],
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    ['declared beside a condition', { if: {}, then: { properties: { x: text } } }, { x: '' }],
    [
      'declared by a reference',
      { $ref: '#/$defs/a~1b', $defs: { 'a/b': pay } },
      { amount: '', to: { name: '' } },
    ],
    ['declared by a list of schemas', { allOf: [pay], $ref: '#/allOf/0' }, { amount: '' }],
    ['of entries of a list', { properties: { l: { items: pay } } }, { l: [{ amount: '' }] }],
    ['of entries by place', { properties: { l: { prefixItems: [pay] } } }, { l: [{ amount: '' }] }],
  ])('%s are taken', (_what, schema, args) => {
    expect(find(schema, args)).toBeUndefined()
  })

  it.each([
    ['undeclared', pay, { more: 1 }, '/more is not'],
    ['undeclared where nothing is declared', {}, { more: 1 }, '/more is not'],
    ['undeclared where the schema is no object', true, { more: 1 }, '/more is not'],
    ['of another case', pay, { Amount: 1 }, '/Amount differs'],
    ['of another case, though any other is taken', open, { AMOUNT: 1 }, '/AMOUNT differs'],
    ['of a case beyond ASCII', { ...open, properties: { k: text } }, { '\u212a': 1 }, 'differs'],
    [
      'of another case than one that a pattern takes too',
      { ...pay, patternProperties: { '.*': text } },
      { Amount: '' },
      'differs',
    ],
    ['of a width of its own', open, { '\uff41mount': 1 }, 'differs'],
    ['inherited by every object', pay, JSON.parse('{"__proto__": 1}'), '/__proto__ is not'],
    ['named like a method', pay, { constructor: 1 }, '/constructor is not'],
    ['undeclared further in', pay, { to: { other: 1 } }, '/to/other is not'],
    ['of another case further in', pay, { to: { NAME: 1 } }, '/to/NAME differs'],
    [
      'of another case in a list',
      { properties: { l: { items: pay } } },
      { l: [{ Amount: 1 }] },
      '/l/0/Amount',
    ],
    [
      'of another case below any name',
      { additionalProperties: pay },
      { x: { Amount: 1 } },
      '/x/Amount',
    ],
    ['declared beyond the schema alone', { $ref: 'https://example.com/x' }, { a: 1 }, '/a is not'],
    ['declared by a reference to nothing', { $ref: '#/none' }, { a: 1 }, '/a is not'],
  ])('%s are found', (_what, schema, args, problem) => {
    expect(find(schema, args)).toContain(problem)
  })

  it('follows a schema that holds itself as deep as the arguments go', () => {
    const tree = {
      properties: { left: { $ref: '#' }, right: { $ref: '#' } },
      allOf: [{ $ref: '#' }],
    }
    expect(find(tree, { left: { right: { left: {} } } })).toBeUndefined()
    expect(find(tree, { left: { right: { Left: {} } } })).toContain('/left/right/Left differs')
  })

  // 2 to the power of 40 steps, if each level doubled what applies to the next.
  it('costs no more for branches that all hold the same', () => {
    const branch = () => ({ properties: { a: { $ref: '#' } } })
    const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => ({ a: inner }), { b: 1 })
    expect(find({ anyOf: [branch(), branch()] }, deep)).toContain('/b is not')
  })

  it('says no more of a long name than is needed to find it', () => {
    expect(find(pay, { ['x'.repeat(10_000)]: 1 })?.length).toBeLessThan(120)
  })
})
