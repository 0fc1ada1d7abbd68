import { ExactNumber } from '../../ground/exact-number.ts'

/**
 * A JSON object as conditions see it. The engine looks at the constructor and, for plain objects, at every level of
 * nesting, and remembers each shape for good; neither may be in the hands of whoever sends arguments. This class is
 * one type to it whatever it holds, and members are own members only, `__proto__` and `constructor` included.
 */
export class JsonObject extends Map<string, unknown> {
  readonly #raw: Readonly<Record<string, unknown>>

  constructor(raw: object) {
    super()
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any object is a record of its own members
    this.#raw = raw as Readonly<Record<string, unknown>>
  }

  override get(key: string): unknown {
    if (super.has(key)) return super.get(key)
    if (!this.has(key)) return undefined
    const value = toCel(this.#raw[key])
    super.set(key, value)
    return value
  }

  override has(key: string): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#raw, key)
  }

  override keys(): MapIterator<string> {
    return Object.keys(this.#raw).values()
  }

  override get size(): number {
    return Object.keys(this.#raw).length
  }
}

/** What a JSON value is to conditions. Members of objects are converted when they are read. */
export function toCel(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return value
  if (!Array.isArray(value)) return value instanceof JsonObject ? value : new JsonObject(value)
  return value.some(isContainer) ? value.map(toCel) : value
}

const isContainer = (value: unknown): boolean => typeof value === 'object' && value !== null

const NODES_MAX = 10_000

/** Stops counting where it says no, so that a hostile value costs no more than an honest one (POL-8). */
export function hasFewNodes(value: unknown): boolean {
  let left = NODES_MAX
  const pending: unknown[] = [value]
  while (pending.length > 0) {
    const next = pending.pop()
    left -= 1
    if (left < 0) return false
    if (typeof next !== 'object' || next === null) continue
    const members: readonly unknown[] = Array.isArray(next) ? next : Object.values(next)
    if (members.length > left) return false
    pending.push(...members)
  }
  return true
}
