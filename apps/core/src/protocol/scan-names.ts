import { lower } from './json-bytes.ts'
import type { Place, PlaceMember } from './places.ts'
import { ESCAPED, refused, type ScanCursor } from './scan-cursor.ts'

/** Up to here names are compared with each other; beyond, or once one holds an escape, through a set. */
const NAMES_COMPARED_MAX = 16
const PROTO = '__proto__'
const PROTO_BYTES = Buffer.from(PROTO)

/**
 * Refuses the cursor's name when its object had it before; names with escapes are equal when what they spell is.
 * Returns the set of the names so far once the object needs one.
 */
export function refuseRepeated(
  cursor: ScanCursor,
  firstName: number,
  spelled: Set<string> | undefined,
): Set<string> | undefined {
  const { names, bytes, nameStart, nameEnd } = cursor
  const isMany = names.length - firstName >= 2 * NAMES_COMPARED_MAX
  if (spelled || isMany || (cursor.flags & ESCAPED) !== 0) {
    return addSpelled(cursor, spelled ?? spellAll(cursor, firstName))
  }
  if (isSame(bytes, nameStart, nameEnd, PROTO_BYTES)) throw refused(`a member named ${PROTO}`)
  for (let index = firstName; index < names.length; index += 2) {
    const start = names[index] ?? 0
    const isSameLength = (names[index + 1] ?? 0) - start === nameEnd - nameStart
    if (isSameLength && isSameRange(bytes, start, nameStart, nameEnd)) throw refused(REPEATED)
  }
  names.push(nameStart, nameEnd)
  return undefined
}

const REPEATED = 'a member name twice in one object'

function addSpelled(cursor: ScanCursor, spelled: Set<string>): Set<string> {
  const name = spell(cursor.bytes, cursor.nameStart, cursor.nameEnd)
  if (name === PROTO) throw refused(`a member named ${PROTO}`)
  if (spelled.has(name)) throw refused(REPEATED)
  return spelled.add(name)
}

function spellAll(cursor: ScanCursor, firstName: number): Set<string> {
  const spelled = new Set<string>()
  for (let index = firstName; index < cursor.names.length; index += 2) {
    spelled.add(spell(cursor.bytes, cursor.names[index] ?? 0, cursor.names[index + 1] ?? 0))
  }
  return spelled
}

/** What a name between quotes spells. The scan has found it to be a string. */
const spell = (bytes: Buffer, start: number, end: number): string =>
  String(JSON.parse(bytes.toString('utf8', start - 1, end + 1)))

/**
 * The entry of `place` for the cursor's name. A strict scan refuses a name that differs from an entry only by case,
 * because parsers that fold case would take one for the other.
 */
export function findMember(cursor: ScanCursor, place: Place): PlaceMember | undefined {
  if (cursor.flags !== 0) return findSpelled(cursor, place)
  const { bytes, nameStart, nameEnd } = cursor
  const candidates = place.byLength[nameEnd - nameStart]
  if (candidates === undefined) return undefined
  for (const member of candidates) {
    if (!isFolded(bytes, nameStart, member.bytes)) continue
    if (isSame(bytes, nameStart, nameEnd, member.bytes)) return member
    if (cursor.rules.isStrict) throw oddCase(member)
  }
  return undefined
}

function findSpelled(cursor: ScanCursor, place: Place): PlaceMember | undefined {
  const name = spell(cursor.bytes, cursor.nameStart, cursor.nameEnd)
  const exact = place.members.find((member) => member.name === name)
  if (exact || !cursor.rules.isStrict) return exact
  const twin = place.members.find((member) => fold(member.name) === fold(name))
  if (twin) throw oddCase(twin)
  return undefined
}

/** Folds as the widest of parsers do: the long s and the Kelvin sign are letters of ASCII to them. */
const fold = (name: string): string => name.toUpperCase().toLowerCase()

const oddCase = ({ name }: PlaceMember): Error =>
  refused(`a member that differs from ${name} by case`)

function isFolded(bytes: Buffer, start: number, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (lower(bytes[start + index] ?? 0) !== lower(expected[index] ?? 0)) return false
  }
  return true
}

function isSame(bytes: Buffer, start: number, end: number, expected: Buffer): boolean {
  if (end - start !== expected.length) return false
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[start + index] !== expected[index]) return false
  }
  return true
}

/** Whether the bytes from `a` on are those of `[b, end)`. */
function isSameRange(bytes: Buffer, a: number, b: number, end: number): boolean {
  for (let offset = 0; b + offset < end; offset += 1) {
    if (bytes[a + offset] !== bytes[b + offset]) return false
  }
  return true
}
