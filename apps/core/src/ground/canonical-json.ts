import { ExactNumber } from './exact-number.ts'

/**
 * JSON Canonicalization Scheme: the one text of a JSON value, so that a digest over it is a digest of the value.
 * Numbers and strings are written by `JSON.stringify`, which is the form the scheme prescribes.
 *
 * @see RFC 8785
 */
export function canonicalJson(value: unknown): string {
  if (value instanceof ExactNumber) return value.toJSON()
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'

  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => compareUtf16(a, b))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}

/** Code-unit order, as the scheme asks; `<` on strings is exactly that. */
const compareUtf16 = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
