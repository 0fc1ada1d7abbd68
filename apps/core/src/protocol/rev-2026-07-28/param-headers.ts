import { CoreError } from '../../ground/errors.ts'
import { ExactNumber } from '../../ground/exact-number.ts'
import { header, type Headers } from '../headers.ts'
import { decodeHeaderValue } from './header-value.ts'

/** An argument that clients repeat in a header: `Mcp-Param-<name>`, found along `path` (MCP-22). */
export type ParamHeader = Readonly<{ name: string; path: readonly string[] }>

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const PREFIX = 'mcp-param-'
const DEPTH_MAX = 8
const HEADERS_MAX = 32
const CHARS_MAX = 4096

/** The annotated properties of a published input schema. */
export function findParamHeaders(schema: unknown): readonly ParamHeader[] {
  const found: ParamHeader[] = []
  collect(schema, [], found)
  return found
}

function collect(schema: unknown, path: readonly string[], found: ParamHeader[]): void {
  if (!isObject(schema) || path.length > DEPTH_MAX) return
  const name = schema['x-mcp-header']
  if (typeof name === 'string' && TOKEN.test(name) && path.length > 0) found.push({ name, path })
  const { properties } = schema
  if (!isObject(properties)) return
  for (const [key, property] of Object.entries(properties)) collect(property, [...path, key], found)
}

/**
 * Each annotated argument that has a value stands in its header too, and no header speaks of one that has none.
 *
 * @throws CoreError `header_mismatch`
 */
export function checkParamHeaders(
  annotated: readonly ParamHeader[],
  args: unknown,
  headers: Headers,
): void {
  for (const { name, path } of annotated) {
    const sent = sentFor(name, headers)
    const label = `Mcp-Param-${name}`
    const value = valueAt(args, path)
    const isAbsent = value === undefined || value === null
    if (isAbsent !== (sent === undefined)) throw new CoreError('header_mismatch', { header: label })
    if (sent !== undefined && !saysSame(decodeHeaderValue(label, sent), value)) {
      throw new CoreError('header_mismatch', { header: label })
    }
  }
}

/** Whether a header repeats this argument, truly or not. */
export const isSent = (name: string, headers: Headers): boolean =>
  sentFor(name, headers) !== undefined

const sentFor = (name: string, headers: Headers): string | undefined =>
  header(headers, `${PREFIX}${name.toLowerCase()}`)

/**
 * The headers that repeat a call's arguments, as the server's own definition annotates them (MCP-54): name and text.
 * Only values that a header can say stand in one.
 *
 * @throws CoreError `params_invalid` when they are more than a header block holds
 */
export function paramHeadersOf(
  annotated: readonly ParamHeader[],
  args: unknown,
): readonly (readonly [string, string])[] {
  const headers = annotated.flatMap(({ name, path }) => {
    const value = valueAt(args, path)
    return isSayable(value) ? [[PREFIX + name.toLowerCase(), String(value)] as const] : []
  })
  const chars = headers.reduce((sum, [name, text]) => sum + name.length + text.length, 0)
  if (headers.length > HEADERS_MAX || chars > CHARS_MAX) {
    throw new CoreError('params_invalid', {
      problem: 'Arguments that travel as headers are too long.',
    })
  }
  return headers
}

const isSayable = (value: unknown): value is string | number | boolean | ExactNumber =>
  value instanceof ExactNumber || ['string', 'number', 'boolean'].includes(typeof value)

function saysSame(text: string, value: unknown): boolean {
  if (typeof value === 'string') return text === value
  if (value instanceof ExactNumber) return text === String(value)
  if (typeof value === 'boolean') return text === String(value)
  return typeof value === 'number' && /^-?\d+(?:\.\d+)?$/.test(text) && Number(text) === value
}

function valueAt(args: unknown, path: readonly string[]): unknown {
  let value = args
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
