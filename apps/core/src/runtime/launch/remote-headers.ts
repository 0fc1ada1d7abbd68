import { CoreError } from '../../ground/errors.ts'
import type { Credential } from '../../model/clearance.ts'
import type { Outbound } from './wire.ts'

export type SessionHeaders = Readonly<{ id?: string; protocolVersion?: string }>

/** Refuses to send a value to a host that it is not bound to (VLT-41, RUN-31). */
export function assertBound(credentials: readonly Credential[], origin: string): void {
  const { host } = new URL(origin)
  for (const credential of credentials) {
    const isHere = credential.target === 'header' && credential.hosts.includes(host)
    if (!isHere) throw new CoreError('secret_binding_mismatch', { name: credential.name })
  }
}

/**
 * What every request to a server carries, built once per credential version (H4). Nothing in it comes from a client
 * (SEC-45). Answers are asked for uncompressed, so that a small one cannot unfold into a huge one.
 */
export function fixedHeaders(credentials: readonly Credential[]): readonly string[] {
  const headers = [
    'content-type',
    'application/json',
    'accept',
    'application/json, text/event-stream',
    'accept-encoding',
    'identity',
    'user-agent',
    'peta',
  ]
  for (const credential of credentials) {
    if (credential.target === 'header') headers.push(credential.name, credential.value)
  }
  return headers
}

/** What differs from message to message, by era (MCP-54). */
export function messageHeaders(message: Outbound, session: SessionHeaders): readonly string[] {
  return message.era === 'modern' ? modernHeaders(message) : legacyHeaders(message, session)
}

function modernHeaders(message: Outbound): readonly string[] {
  const { method, name, protocolVersion, paramHeaders = [] } = message
  const headers = ['mcp-method', headerText(method)]
  if (protocolVersion !== undefined) headers.push('mcp-protocol-version', protocolVersion)
  if (name !== undefined && NAMED_METHODS.has(method)) headers.push('mcp-name', headerText(name))
  for (const [header, text] of paramHeaders) headers.push(header, headerText(text))
  return headers
}

/** The methods whose target a header repeats. */
const NAMED_METHODS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read'])

function legacyHeaders({ method }: Outbound, session: SessionHeaders): readonly string[] {
  const headers: string[] = []
  if (session.id !== undefined) headers.push('mcp-session-id', session.id)
  if (session.protocolVersion !== undefined && method !== 'initialize') {
    headers.push('mcp-protocol-version', session.protocolVersion)
  }
  return headers
}

/** Plain text as it is; anything a header cannot carry, in the encoding that the protocol names for it. */
function headerText(text: string): string {
  const isPlain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text)
  const looksEncoded = /^=\?base64\?.*\?=$/i.test(text)
  if (isPlain && !looksEncoded) return text
  return `=?base64?${Buffer.from(text).toString('base64')}?=`
}
