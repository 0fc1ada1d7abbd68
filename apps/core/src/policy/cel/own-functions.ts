import { BlockList, isIP } from 'node:net'

import { RE2JS } from 're2js'

import { compileGlob, type Glob } from '../glob.ts'

const PATTERN_LENGTH_MAX = 256
const DECODINGS_MAX = 3
const MEMO_MAX = 1000

export type OwnFunctions = ReturnType<typeof createOwnFunctions>

/**
 * Functions that Peta adds to CEL (POL-7). Each takes text and throws for text that is not what it asks for, which
 * is an error of the rule. Compiled patterns are kept: compiling costs a hundred times what matching does.
 */
export function createOwnFunctions() {
  const patternOf = memo(compilePattern)
  const globOf = memo(compileBoundedGlob)
  const networkOf = memo(parseNetwork)

  return {
    /** Whether an RE2 pattern is found in the text, in time linear in both. */
    re: (text: string, pattern: string): boolean => patternOf(pattern).matcher(text).find(),
    glob: (text: string, pattern: string): boolean => globOf(pattern).matches(text),
    /** Whether an address is in a network; an IPv4 address in IPv6 form counts as the IPv4 address. */
    inCidr: (address: string, cidr: string): boolean => {
      const family = isIP(address)
      if (family === 0) throw new Error('not an address')
      return networkOf(cidr).check(address, family === 4 ? 'ipv4' : 'ipv6')
    },
    host,
    pathUnder,
    domainOf,
    lowerAscii,
    upperAscii,
  } as const
}

export const isPattern = (pattern: string): boolean => {
  if (pattern.length > PATTERN_LENGTH_MAX) return false
  try {
    RE2JS.compile(pattern)
    return true
  } catch {
    return false
  }
}

function compilePattern(pattern: string): RE2JS {
  if (pattern.length > PATTERN_LENGTH_MAX) throw new Error('pattern too long')
  return RE2JS.compile(pattern)
}

function compileBoundedGlob(pattern: string): Glob {
  if (pattern.length > PATTERN_LENGTH_MAX) throw new Error('pattern too long')
  return compileGlob(pattern)
}

/** Host of an absolute URL, lower case, without port; an address keeps no brackets. */
function host(url: string): string {
  const { hostname } = new URL(url)
  if (hostname === '') throw new Error('the URL has no host')
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}

function parseNetwork(cidr: string): BlockList {
  const [address = '', bits = '', rest] = cidr.split('/')
  const family = isIP(address)
  const prefix = /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (family === 0 || rest !== undefined || Number.isNaN(prefix)) throw new Error('not a network')
  const list = new BlockList()
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
  return list
}

/**
 * Whether a path is `base` or below it, once `.`, `..`, repeated and backward slashes and percent-encoding are
 * resolved. A path that is still encoded after three rounds, holds NUL, or climbs above its root is refused.
 */
function pathUnder(path: string, base: string): boolean {
  const [target, root] = [normalise(path), normalise(base)]
  if (target.isAbsolute !== root.isAbsolute) return false
  return root.segments.every((segment, at) => segment === target.segments[at])
}

type Path = Readonly<{ isAbsolute: boolean; segments: readonly string[] }>

function normalise(text: string): Path {
  const plain = decode(text).replaceAll('\\', '/')
  if (plain.includes('\0')) throw new Error('the path holds NUL')
  const segments: string[] = []
  for (const segment of plain.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') segments.push(segment)
    else if (segments.pop() === undefined) throw new Error('the path leaves its root')
  }
  return { isAbsolute: plain.startsWith('/'), segments }
}

function decode(text: string): string {
  let current = text
  for (let round = 0; round < DECODINGS_MAX; round += 1) {
    const next = decodeURIComponent(current)
    if (next === current) return current
    current = next
  }
  throw new Error('the path is encoded too often')
}

/** Domain of an address of the form `local@domain`, lower case. */
function domainOf(email: string): string {
  const [, domain] = /^[^@\s]+@([A-Za-z0-9.-]+)$/.exec(email) ?? []
  if (domain === undefined) throw new Error('not an email address')
  return domain.toLowerCase()
}

function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (upper) => upper.toLowerCase())
}

function upperAscii(text: string): string {
  return text.replaceAll(/[a-z]+/g, (lower) => lower.toUpperCase())
}

/**
 * Compiled patterns by their text. Patterns and networks nearly always come from rules, so a thousand cover all;
 * where they come from arguments the whole memory is dropped when full, which bounds it.
 */
function memo<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>()
  return function remembered(text) {
    const known = made.get(text)
    if (known !== undefined) return known
    const value = make(text)
    if (made.size >= MEMO_MAX) made.clear()
    made.set(text, value)
    return value
  }
}
