import { ExactNumber } from '../../ground/exact-number.ts'
import { JsonObject } from './json-object.ts'

const CHARACTERS_PER_UNIT = 64

export type Equality = Readonly<{
  isEqual: (a: unknown, b: unknown) => boolean
  /** Whether a list or set holds the value, or an object has a member of that name. */
  isMember: (value: unknown, container: unknown) => boolean
}>

/**
 * Equality of values of any type: values of different types differ, numbers compare by value whether they came as
 * integer literal or from JSON, members of objects have no order. Each comparison is charged.
 */
export function createEquality(charge: (units: number) => void): Equality {
  function isEqual(a: unknown, b: unknown): boolean {
    charge(1)
    if (a instanceof ExactNumber) return isEqualExact(a, b)
    if (b instanceof ExactNumber) return isEqualExact(b, a)
    if (typeof a === 'string' || typeof b === 'string') return isEqualText(a, b)
    // oxlint-disable-next-line eqeqeq -- compares a bigint with a number by value
    if (isNumber(a) && isNumber(b)) return a == b
    if (a instanceof JsonObject) return b instanceof JsonObject && isEqualObject(a, b)
    if (Array.isArray(a)) return Array.isArray(b) && isEqualList(a, b)
    return a === b || isEqualTime(a, b)
  }

  function isEqualText(a: unknown, b: unknown): boolean {
    if (typeof a !== 'string' || typeof b !== 'string' || a.length !== b.length) return false
    charge(a.length / CHARACTERS_PER_UNIT)
    return a === b
  }

  function isEqualList(a: readonly unknown[], b: readonly unknown[]): boolean {
    return a.length === b.length && a.every((entry, at) => isEqual(entry, b[at]))
  }

  function isEqualObject(a: JsonObject, b: JsonObject): boolean {
    if (a.size !== b.size) return false
    return [...a.keys()].every((key) => b.has(key) && isEqual(a.get(key), b.get(key)))
  }

  function isMember(value: unknown, container: unknown): boolean {
    charge(1)
    // A set is a variable of the rules: its entries are text or JSON numbers, so one lookup decides.
    if (container instanceof Set && value instanceof ExactNumber)
      return container.has(value.rounded) && isEqualExact(value, value.rounded)
    if (container instanceof Set)
      return container.has(typeof value === 'bigint' ? Number(value) : value)
    if (Array.isArray(container)) return container.some((entry) => isEqual(value, entry))
    if (container instanceof JsonObject && typeof value === 'string') return container.has(value)
    throw new Error('not a list or an object with named members')
  }

  return { isEqual, isMember }
}

/**
 * A double in a rule stands for every decimal that is rounded to it, so whether it is this one cannot be said; integer
 * literals are exact.
 */
function isEqualExact(exact: ExactNumber, other: unknown): boolean {
  if (other instanceof ExactNumber || typeof other === 'bigint') return exact.equals(other)
  if (other === exact.rounded) throw new Error('a number that is too long to be compared')
  return false
}

const isNumber = (value: unknown): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint'

/** Instants and durations are objects of one class each that stand for a number. */
function isEqualTime(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return false
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && a.getTime() === b.getTime()
  }
  return (
    a.constructor === b.constructor &&
    typeof a.valueOf() === 'number' &&
    a.valueOf() === b.valueOf()
  )
}
