import type { IncomingMessage } from 'node:http'

import { readMembersOf } from './message.ts'

/** What a legacy client and Core agreed on, and the `initialize` that began it. */
export type Session = Readonly<{ id?: string; version?: string; hello: Buffer }>

/** The one session of this client. */
export type LegacySession = Readonly<{
  current: () => Session | undefined
  begin: (session: Session) => void
  /**
   * The session to use in place of one that Core does not know any more. Whoever finds it gone first opens another,
   * the rest wait for that. Undefined when there is none.
   */
  replace: (
    gone: Session,
    open: (gone: Session) => Promise<Session | undefined>,
  ) => Promise<Session | undefined>
}>

export function createLegacySession(): LegacySession {
  let session: Session | undefined
  let replacing: Promise<Session | undefined> | undefined
  return {
    current: () => session,
    begin: (begun) => (session = begun),
    async replace(gone, open) {
      if (session !== gone) return session
      replacing ??= open(gone).finally(() => (replacing = undefined))
      const next = await replacing
      if (session === gone && next) session = next
      return next
    },
  }
}

export function sessionHeaders(session: Session | undefined): Readonly<Record<string, string>> {
  const { id, version } = session ?? {}
  return {
    ...(id !== undefined && { 'Mcp-Session-Id': id }),
    ...(version !== undefined && { 'MCP-Protocol-Version': version }),
  }
}

/** What an answer to `initialize` agrees on; nothing, when it is an error. */
export function sessionOf(
  { headers }: IncomingMessage,
  answer: Buffer,
  hello: Buffer,
): Session | undefined {
  const { protocolVersion } = readMembersOf(answer, 'result')
  if (typeof protocolVersion !== 'string') return undefined
  const id = headers['mcp-session-id']
  return { hello, version: protocolVersion, ...(typeof id === 'string' && { id }) }
}
