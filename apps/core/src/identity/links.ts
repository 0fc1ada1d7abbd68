import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Store } from '../store/store.ts'
import { newLink, parseLink, type RecordKey } from './credential-text.ts'
import { hashOf, isHashOf, type Pepper } from './credentials.ts'
import type { Directory } from './directory.ts'
import type { DraftEvent } from './draft.ts'
import type { Sessions, SessionSecret } from './sessions.ts'

export const LINK_LIFE_MS = 30 * 60_000

/** The secret of a link goes into a URL's fragment, which browsers never send (IDN-14). */
export type OneTimeLink = Readonly<{
  kind: 'setup' | 'sign_in'
  link: string
  expiresAtMs: number
}>

export type Links = Readonly<{
  /**
   * For somebody with access to the host: a set-up link while there is no owner, else a sign-in link for the owner.
   * Earlier ones stop working.
   */
  create: () => Promise<OneTimeLink>
  /** Signs in with a link. @throws CoreError `link_invalid` */
  signIn: (link: string) => Promise<SessionSecret>
  /**
   * The key of a link whose secret is right; a wrong secret is counted and recorded. Whether it may still be used is
   * the command's to say, which uses it up.
   *
   * @throws CoreError `link_invalid`
   */
  verify: (link: string, kind: OneTimeLink['kind']) => Promise<VerifiedLink>
}>

type VerifiedLink = Readonly<{ key: RecordKey; userId: string | undefined }>

export type LinksParts = Readonly<{
  store: Pick<Store, 'command' | 'query'>
  sessions: Pick<Sessions, 'prepare'>
  directory: Pick<Directory, 'workspace'>
  pepper: Pepper
  draft: DraftEvent
  clock: Pick<Clock, 'nowMs'>
  newId: NewId
}>

export const createLinks = (parts: LinksParts): Links => ({
  create: () => create(parts),
  verify: (link, kind) => verify(parts, link, kind),
  signIn: (link) => signIn(parts, link),
})

async function create({ store, pepper, draft, clock, newId }: LinksParts): Promise<OneTimeLink> {
  const owner = await store.query('identity.owner', {})
  const kind = owner ? 'sign_in' : 'setup'
  const workspaceId = owner?.workspace_id ?? ''
  const id = newId('lnk')
  const link = newLink({ workspaceId, id })
  const nowMs = clock.nowMs()
  const expiresAtMs = nowMs + LINK_LIFE_MS
  const row = { workspaceId, id, kind, hash: hashOf(pepper, link), createdAtMs: nowMs } as const
  await store.command(
    'identity.createLink',
    { ...row, expiresAtMs, ...(owner && { userId: owner.user_id }) },
    [draft({ type: 'login.link_created', workspaceId, target: id, fields: { kind } })],
  )
  return { kind, link, expiresAtMs }
}

async function verify(
  { store, pepper, draft }: LinksParts,
  text: string,
  kind: OneTimeLink['kind'],
): Promise<VerifiedLink> {
  const key = parseLink(text)
  const row = key && (await store.query('identity.link', key))
  if (!key || row?.kind !== kind) throw new CoreError('link_invalid')
  if (!isHashOf(pepper, text, row.hash)) {
    await store.command('identity.failLink', key, [
      draft({
        type: 'login.failed',
        workspaceId: key.workspaceId,
        target: key.id,
        fields: { reason: 'wrong_link', kind },
      }),
    ])
    throw new CoreError('link_invalid')
  }
  return { key, userId: row.user_id ?? undefined }
}

async function signIn(parts: LinksParts, text: string): Promise<SessionSecret> {
  const { key, userId = '' } = await verify(parts, text, 'sign_in')
  const user = parts.directory.workspace(key.workspaceId).user(userId)
  if (user?.status !== 'active') throw new CoreError('link_invalid')
  const session = parts.sessions.prepare(key.workspaceId, user.id)
  const args = { link: key, atMs: parts.clock.nowMs(), session: session.row }
  await parts.store.command('identity.signIn', args, [
    parts.draft({
      type: 'login.succeeded',
      workspaceId: key.workspaceId,
      actorId: user.id,
      target: session.row.id,
      fields: { method: 'link' },
    }),
  ])
  return session.secret
}
