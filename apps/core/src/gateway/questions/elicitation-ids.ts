import type { NewId } from '../../ground/ids.ts'
import type { Outlet } from '../../model/call.ts'
import type { ServerRef } from '../../model/server.ts'
import { encodeNotice } from '../../protocol/encode-notice.ts'
import { withElicitationId } from '../../protocol/url-elicitations.ts'
import type { Session } from '../sessions/sessions.ts'

/**
 * Ids by which clients of revision 2025-11-25 know the visits that servers asked for. They are Peta's own: a server's
 * could be another server's too (MCP-38).
 */
export type ElicitationIds = Readonly<{
  /** Of one of a server's; `theirs` is absent for a server of a revision without them, and then nothing completes it. */
  shown: (session: Session, server: ServerRef, theirs: string | undefined) => string
  /** The same for what a server asks in the middle of a call. */
  outlet: (session: Session, server: ServerRef, outlet: Outlet) => Outlet
  /** A server says that a visit is done: only the client that was asked for it hears of it, once. */
  completed: (serverId: string, theirs: string) => void
}>

/** Beyond this many, completing the oldest is not told of any more. */
const KEPT_MAX = 10_000

type Shown = Readonly<{ session: Session; ours: string }>

export function createElicitationIds({ newId }: Readonly<{ newId: NewId }>): ElicitationIds {
  const kept = new Map<string, Shown>()

  function shown(session: Session, server: ServerRef, theirs: string | undefined): string {
    const key = theirs === undefined ? undefined : keyOf(server.id, theirs)
    const known = key === undefined ? undefined : kept.get(key)
    if (known?.session === session) return known.ours
    const ours = newId('eli')
    if (key === undefined) return ours
    const [oldest] = kept.keys()
    if (kept.size >= KEPT_MAX && oldest !== undefined) kept.delete(oldest)
    kept.set(key, { session, ours })
    return ours
  }

  return {
    shown,
    outlet(session, server, outlet) {
      const { askable } = outlet
      if (!askable) return outlet
      const ask: typeof askable.ask = ({ method, params }) =>
        askable.ask({
          method,
          params: withElicitationId(params, (theirs) => shown(session, server, theirs)),
        })
      return { ...outlet, askable: { ...askable, ask } }
    },
    completed(serverId, theirs) {
      const key = keyOf(serverId, theirs)
      const known = kept.get(key)
      kept.delete(key)
      const params = { elicitationId: known?.ours }
      known?.session.streams?.newest()?.notify(encodeNotice(COMPLETE, params))
    },
  }
}

const COMPLETE = 'notifications/elicitation/complete'

const keyOf = (serverId: string, theirs: string): string => `${serverId} ${theirs}`
