import { sha256 } from '../crypto/digest.ts'

/** Longest name that clients accept. */
const EXPOSED_LENGTH_MAX = 64
const SEPARATOR = '__'
const PLAIN_NAME = /^[A-Za-z0-9_-]+$/
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
/** Tried in turn until a name is free (MCP-102). */
const SUFFIX_LENGTHS = [8, 12, 16, 24, 32] as const

/** Aliases of Peta's own tools; no server may have it (MCP-103). */
const RESERVED_ALIAS = 'peta'

export const isAlias = (text: string): boolean =>
  /^[a-z][a-z0-9-]{0,19}$/.test(text) && text !== RESERVED_ALIAS

export type Named = Readonly<{ alias: string; serverId: string; name: string }>

/**
 * The name by which clients see a tool or prompt: `<alias>__<name>` when that is a plain short name, else a cleaned
 * and cut one with a digest of what it stands for (MCP-101). `isTaken` says which names mean something else
 * already; they are never given twice.
 */
export function exposedName(named: Named, isTaken: (exposed: string) => boolean): string {
  const plain = `${named.alias}${SEPARATOR}${named.name}`
  const isPlain = PLAIN_NAME.test(named.name) && plain.length <= EXPOSED_LENGTH_MAX
  if (isPlain && !isTaken(plain)) return plain

  const digest = base32(sha256(`${named.serverId}\0${named.name}`))
  const cleaned = `${named.alias}${SEPARATOR}${named.name.replace(/[^A-Za-z0-9_-]/gu, '_')}`
  for (const length of SUFFIX_LENGTHS) {
    const suffix = `_${digest.slice(0, length)}`
    const exposed = `${cleaned.slice(0, EXPOSED_LENGTH_MAX - suffix.length)}${suffix}`
    if (!isTaken(exposed)) return exposed
  }
  throw new RangeError('every name of a tool is taken: two tools have the same digest')
}

/** Names in an order that does not depend on who started first, so that an empty map always fills the same way. */
export const byAliasAndName = (a: Named, b: Named): number =>
  compareCodePoints(a.alias, b.alias) || compareCodePoints(a.name, b.name)

/** Orders by code point, which differs from the order of code units beyond the basic plane (MCP-108). */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at += 1) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (one !== other) return rankOf(one) - rankOf(other)
  }
  return a.length - b.length
}

/** A surrogate is half of a code point that stands behind every whole unit. */
const rankOf = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit)

const SCHEMES_KEPT: ReadonlySet<string> = new Set(['ui', 'skill'])

/**
 * The URI, or URI template, by which clients see a resource: reversible by its prefix alone (MCP-104). Without an alias
 * it is the server's own (MCP-111).
 *
 * @see RFC 3986 section 3.1: an alias and `peta.` are valid in a scheme
 */
export function exposedUri(alias: string | undefined, uri: string): string {
  if (alias === undefined) return uri
  const [, scheme, rest] = /^([^:/]*):\/\/(.*)$/su.exec(uri) ?? []
  if (scheme !== undefined && SCHEMES_KEPT.has(scheme)) return `${scheme}://${alias}/${rest}`
  return `${RESERVED_ALIAS}.${alias}+${uri}`
}

/** What `exposedUri` made this from, or undefined when it made nothing like it. */
export function originalUri(exposed: string): Readonly<{ alias: string; uri: string }> | undefined {
  const kept = /^(ui|skill):\/\/([a-z][a-z0-9-]{0,19})\/(.*)$/su.exec(exposed)
  if (kept) return { alias: kept[2] ?? '', uri: `${kept[1]}://${kept[3]}` }
  const other = /^peta\.([a-z][a-z0-9-]{0,19})\+(.*)$/su.exec(exposed)
  return other ? { alias: other[1] ?? '', uri: other[2] ?? '' } : undefined
}

/** @see RFC 4648 section 6, lower case and without padding */
function base32(bytes: Buffer): string {
  let text = ''
  let bits = 0
  let pending = 0
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff
    bits += 8
    for (; bits >= 5; bits -= 5) text += BASE32[(pending >> (bits - 5)) & 31]
  }
  return text
}
