import { ExactNumber } from '../../ground/exact-number.ts'

/** Keywords by which a schema looks at the value of a number, or at whether two are one. */
const COMPARING: ReadonlySet<string> = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'uniqueItems',
  'format',
])
const CHOOSING: ReadonlySet<string> = new Set(['enum', 'const'])

/**
 * Whether a schema may say something of a number that depends on its exact value. Looks at every place, also where a
 * keyword is only the name of a property: that refuses too much and never too little.
 */
export function comparesNumbers(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false
  if (Array.isArray(schema)) return schema.some(comparesNumbers)
  return Object.entries(schema).some(
    ([keyword, value]) =>
      COMPARING.has(keyword) ||
      (CHOOSING.has(keyword) && holdsNumber(value)) ||
      comparesNumbers(value),
  )
}

function holdsNumber(value: unknown): boolean {
  if (typeof value === 'number') return true
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsNumber)
}

const INTEGER = 1
const FRACTION = 0.5

/** The arguments with a number of the same kind in place of each that no double holds: for a schema, not for a rule. */
export function withStandIns(value: unknown): unknown {
  if (value instanceof ExactNumber) return value.isInteger ? INTEGER : FRACTION
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withStandIns)
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withStandIns(member)]),
  )
}
