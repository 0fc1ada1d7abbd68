import { CoreError } from '../ground/errors.ts'
import type { Era, Frame, RequestId } from '../model/frame.ts'
import type { Profile } from '../model/profile.ts'
import type { ClientMessage } from '../protocol/frame.ts'
import { header, type Headers } from '../protocol/headers.ts'
import { metaKeys } from '../protocol/meta-keys.ts'
import { isLaterVersion, legacyVersions } from '../protocol/rev-2025-11-25/version.ts'
import { modernVersions } from '../protocol/rev-2026-07-28/version.ts'

/** Which way a POST body goes. */
export type Route =
  | Readonly<{ way: 'modern'; frame: Frame }>
  | Readonly<{ way: 'initialize'; frame: Frame }>
  | Readonly<{ way: 'session'; sessionId: string; frame: Frame }>
  | Readonly<{ way: 'answer'; sessionId: string; id: RequestId; bytes: Buffer }>

/**
 * Chooses the era of one message by what it says, row by row of MCP-11; never by who sends it or what came before.
 * Mixed signals are refused rather than read in the weaker way (MCP-13).
 *
 * @throws CoreError `header_mismatch`, `meta_missing`, `frame_invalid`, `session_required`, `method_unknown`
 */
export function classify(
  message: ClientMessage,
  headers: Headers,
  eras: Profile['eras'] = 'any',
): Route {
  const route = routeOf(message, headers)
  // As a server answers that never heard of the other generation, so that clients of both go the right way.
  if (eras === 'legacy' && route.way === 'modern') throw sessionRequired(legacyVersions)
  if (eras === 'modern' && route.way !== 'modern') {
    throw new CoreError('method_unknown', { supported: modernVersions })
  }
  return route
}

function routeOf(message: ClientMessage, headers: Headers): Route {
  const frame = 'frame' in message ? message.frame : undefined
  if (frame && hasModernMeta(frame)) return { way: 'modern', frame }

  const isInitialize = message.kind === 'request' && frame?.method === 'initialize'
  refuseModernHeader(headers, isInitialize)
  if (isInitialize && frame) return { way: 'initialize', frame }
  if (message.kind === 'batch') {
    throw new CoreError('frame_invalid', { problem: 'batches are not served' })
  }
  const sessionId = requireSession(headers)
  if (message.kind === 'response')
    return { way: 'answer', sessionId, id: message.id, bytes: message.bytes }
  return { way: 'session', sessionId, frame: message.frame }
}

/** A header of a later revision over a body without its metadata: read as either, it might skip a check. */
function refuseModernHeader(headers: Headers, isInitialize: boolean): void {
  const version = header(headers, 'mcp-protocol-version')
  if (version === undefined || !isLaterVersion(version)) return
  if (isInitialize) throw new CoreError('header_mismatch', { header: 'MCP-Protocol-Version' })
  throw new CoreError('meta_missing', { key: metaKeys.protocolVersion })
}

function requireSession(headers: Headers): string {
  const sessionId = header(headers, 'mcp-session-id')
  if (sessionId !== undefined && sessionId !== '') return sessionId
  throw sessionRequired([...modernVersions, ...legacyVersions])
}

const sessionRequired = (supported: readonly string[]): CoreError =>
  new CoreError('session_required', { key: metaKeys.protocolVersion, supported })

/** Of a request that was classified before. */
export const eraOf = (frame: Frame): Era => (hasModernMeta(frame) ? 'modern' : 'legacy')

function hasModernMeta({ params }: Frame): boolean {
  const meta = params['_meta']
  return typeof meta === 'object' && meta !== null && Object.hasOwn(meta, metaKeys.protocolVersion)
}
