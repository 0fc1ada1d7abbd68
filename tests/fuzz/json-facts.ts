/** What a second, slower reader finds in a JSON text. It shares no code with the scanner that it judges. */
export type JsonFacts = Readonly<{
  value: unknown
  depth: number
  numbers: readonly string[]
  /** Every member name, as it is spelled out. */
  names: readonly string[]
  /** Why a strict reader has to refuse the text, although it is JSON. */
  faults: readonly Fault[]
}>

export type Fault = 'repeated name' | '__proto__' | 'half a pair' | 'too deep' | 'long number'

const TOKEN = /"(?:[^"\\]|\\[^])*"|[{}[\]:,]|[^\s{}[\]:,"]+/g
const DEPTH_MAX = 64
const NUMBER_LENGTH_MAX = 64

/** Undefined for what is no JSON in UTF-8. */
export function readFacts(bytes: Uint8Array): JsonFacts | undefined {
  const text = decode(bytes)
  const value = text === undefined ? undefined : parse(text)
  if (text === undefined || value === undefined) return undefined
  const faults = new Set<Fault>()
  const numbers: string[] = []
  const names: string[] = []
  const depth = walk(text, {
    name(name, isRepeated) {
      names.push(name)
      if (isRepeated) faults.add('repeated name')
      if (name === '__proto__') faults.add('__proto__')
    },
    text: (content) => content.isWellFormed() || faults.add('half a pair'),
    number(token) {
      numbers.push(token)
      if (token.length > NUMBER_LENGTH_MAX) faults.add('long number')
    },
  })
  if (depth > DEPTH_MAX) faults.add('too deep')
  return { value: value.parsed, depth, numbers, names, faults: [...faults] }
}

type Visitor = Readonly<{
  name: (name: string, isRepeated: boolean) => void
  text: (content: string) => void
  number: (token: string) => void
}>

/** Resolves with how deep the text goes. */
function walk(text: string, visit: Visitor): number {
  const open: (Set<string> | 'list')[] = []
  let depth = 0
  let before = ''
  for (const [token] of text.matchAll(TOKEN)) {
    const inside = open.at(-1)
    if (token === '{' || token === '[') depth = Math.max(depth, open.push(opened(token)))
    else if (token === '}' || token === ']') open.pop()
    else if (token.startsWith('"')) {
      const content = String(JSON.parse(token))
      visit.text(content)
      if (inside instanceof Set && (before === '{' || before === ',')) {
        visit.name(content, inside.has(content))
        inside.add(content)
      }
    } else if (/^[-\d]/.test(token)) visit.number(token)
    before = token
  }
  return depth
}

const opened = (token: string): Set<string> | 'list' => (token === '{' ? new Set() : 'list')

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function parse(text: string): { parsed: unknown } | undefined {
  try {
    return { parsed: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** Whether a double gives back the decimal that was written; by integers alone. */
export function isHeldByDouble(token: string): boolean {
  const value = Number(token)
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false
  const [written, held] = [decimalOf(token), decimalOf(String(value))]
  if (written.digits === 0n || held.digits === 0n) return written.digits === held.digits
  const shift = written.power - held.power
  // Their powers of ten differ by more than their digits can make up for.
  if (Math.abs(shift) > 400) return false
  return shift >= 0
    ? written.digits * 10n ** BigInt(shift) === held.digits
    : written.digits === held.digits * 10n ** BigInt(-shift)
}

function decimalOf(token: string): { digits: bigint; power: number } {
  const [mantissa = '', exponent = '0'] = token.toLowerCase().replace(/^-/, '').split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return { digits: BigInt(whole + fraction), power: Number(exponent) - fraction.length }
}
