import type { Identity } from '../identity/identity.ts'
import type { SessionSecret } from '../identity/sessions.ts'
import type { AdminCommands } from './command.ts'

export type SessionParts = Readonly<{
  identity: Pick<Identity, 'setup' | 'links' | 'endSession'>
  /** What a new workspace starts with; runs before anybody can call (POL-19). */
  prepareWorkspace: (workspaceId: string, ownerId: string) => Promise<void>
  publicUrl: () => string
}>

type Names = 'setup.complete' | 'links.create' | 'sessions.create' | 'sessions.end' | 'me.read'

/** Setting up, signing in, signing out. */
export function sessionCommands(parts: SessionParts): Pick<AdminCommands, Names> {
  const { setup, links, endSession } = parts.identity
  return {
    async 'setup.complete'({ body: { link, email, name, workspace } }) {
      const session = await setup.complete({ link, email, name, ...(workspace && { workspace }) })
      await parts.prepareWorkspace(session.workspaceId, session.userId)
      return sessionView(session)
    },

    async 'links.create'() {
      const { kind, link, expiresAtMs } = await links.create()
      const page = kind === 'setup' ? 'setup' : 'sign-in'
      return { kind, link, url: `${parts.publicUrl()}/${page}#${link}`, expiresAt: expiresAtMs }
    },

    'sessions.create': async ({ body }) => sessionView(await links.signIn(body.link)),

    async 'sessions.end'({ person }) {
      await endSession(person)
      return undefined
    },

    'me.read': async ({ person: { userId, workspaceId, email, name, role, groups } }) => ({
      userId,
      workspaceId,
      email,
      name,
      role,
      groups: [...groups],
    }),
  }
}

const sessionView = ({ token, expiresAtMs, workspaceId, userId }: SessionSecret) => ({
  token,
  expiresAt: expiresAtMs,
  workspaceId,
  userId,
})
