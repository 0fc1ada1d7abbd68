import { CoreError } from '../../ground/errors.ts'
import type { Frame } from '../../model/frame.ts'
import { accepts, header, type Headers } from '../headers.ts'
import { metaKeys } from '../meta-keys.ts'
import { decodeHeaderValue } from './header-value.ts'
import { isModernVersion, modernVersions } from './version.ts'

const LOG_LEVELS: ReadonlySet<unknown> = new Set([
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
])

export const isLogLevel = (level: unknown): boolean => LOG_LEVELS.has(level)

/** The member of params that `Mcp-Name` repeats, by method. */
const namedBy: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
])

/**
 * Checks what every request of this revision carries: its metadata, and headers that say the same as the body
 * (MCP-20, MCP-21). Proxies in front of Peta may have acted on the headers, so a difference is an attack or a defect.
 *
 * @throws CoreError `meta_missing`, `params_invalid`, `header_mismatch`, `version_unsupported`, `not_acceptable`
 */
export function checkRequest(frame: Frame, headers: Headers): void {
  const meta = frame.params['_meta']
  const version = member(meta, metaKeys.protocolVersion)
  if (typeof version !== 'string') throw missing(metaKeys.protocolVersion)
  const isCall = frame.id !== undefined
  const capabilities = member(meta, metaKeys.clientCapabilities)
  if (isCall && !isObject(capabilities)) throw missing(metaKeys.clientCapabilities)
  const level = member(meta, metaKeys.logLevel)
  if (level !== undefined && !isLogLevel(level)) {
    throw new CoreError('params_invalid', { problem: 'There is no such log level.' })
  }

  if (header(headers, 'mcp-protocol-version') !== version) throw mismatch('MCP-Protocol-Version')
  if (!isModernVersion(version)) {
    throw new CoreError('version_unsupported', { supported: modernVersions, requested: version })
  }
  if (!isCall) return
  if (header(headers, 'mcp-method') !== frame.method) throw mismatch('Mcp-Method')
  checkName(frame, headers)
  if (!accepts(headers, 'application/json') || !accepts(headers, 'text/event-stream')) {
    throw new CoreError('not_acceptable')
  }
}

/** Compared as the client wrote it, before any name is mapped. */
function checkName({ method, params }: Frame, headers: Headers): void {
  const named = namedBy.get(method)
  const name = named === undefined ? undefined : params[named]
  if (typeof name !== 'string') return
  const sent = header(headers, 'mcp-name')
  if (sent === undefined || decodeHeaderValue('Mcp-Name', sent) !== name) throw mismatch('Mcp-Name')
}

function member(object: unknown, name: string): unknown {
  return isObject(object) && Object.hasOwn(object, name) ? object[name] : undefined
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const missing = (key: string): CoreError => new CoreError('meta_missing', { key })

const mismatch = (name: string): CoreError => new CoreError('header_mismatch', { header: name })
