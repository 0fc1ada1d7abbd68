import type { ResponseHeaders } from '../../egress/exchange.ts'
import type { SessionHeaders } from './remote-headers.ts'
import type { Outbound } from './wire.ts'

/** The session that a legacy server gave, if it gave one. It lives as long as the wire (MCP-56). */
export type Session = Readonly<{
  headers: () => SessionHeaders
  noteId: (message: Outbound, headers: ResponseHeaders) => void
  noteVersion: (message: Outbound) => void
}>

const ID_LENGTH_MAX = 1024

export function createSession(): Session {
  let headers: SessionHeaders = {}

  return {
    headers: () => headers,
    noteId({ method }, answered) {
      const id = answered['mcp-session-id']
      if (method !== 'initialize' || typeof id !== 'string') return
      if (/^[\x21-\x7e]+$/.test(id) && id.length <= ID_LENGTH_MAX) headers = { ...headers, id }
    },
    noteVersion({ era, protocolVersion }) {
      if (era === 'legacy' && protocolVersion !== undefined) {
        headers = { ...headers, protocolVersion }
      }
    },
  }
}
