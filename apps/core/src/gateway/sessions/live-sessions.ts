import type { Session } from './sessions.ts'

/** Sessions that this process holds, by whose they are. */
export type LiveSessions = Readonly<{
  of: (owner: string) => ReadonlyMap<string, Session>
  add: (session: Session) => Session
  delete: (session: Session) => void
  all: () => readonly Session[]
}>

const NONE: ReadonlyMap<string, Session> = new Map()

export function createLiveSessions(): LiveSessions {
  const live = new Map<string, Map<string, Session>>()

  return {
    of: (owner) => live.get(owner) ?? NONE,
    add(session) {
      const own = live.get(session.owner) ?? new Map<string, Session>()
      live.set(session.owner, own.set(session.id, session))
      return session
    },
    delete({ id, owner }) {
      const own = live.get(owner)
      own?.delete(id)
      if (own?.size === 0) live.delete(owner)
    },
    all: () => [...live.values()].flatMap((own) => [...own.values()]),
  }
}
