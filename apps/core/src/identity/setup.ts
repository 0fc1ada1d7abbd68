import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Store } from '../store/store.ts'
import type { Directory } from './directory.ts'
import type { DraftEvent } from './draft.ts'
import type { Links } from './links.ts'
import type { Sessions, SessionSecret } from './sessions.ts'

export type SetupRequest = Readonly<{
  link: string
  email: string
  name: string
  workspace?: string
}>

export type Setup = Readonly<{
  isDone: () => Promise<boolean>
  /** Makes the workspace and its owner, once. @throws CoreError `setup_done`, `link_invalid` */
  complete: (request: SetupRequest) => Promise<SessionSecret>
}>

export type SetupDependencies = Readonly<{
  store: Pick<Store, 'command' | 'query'>
  links: Pick<Links, 'verify'>
  sessions: Pick<Sessions, 'prepare'>
  directory: Pick<Directory, 'refresh'>
  draft: DraftEvent
  clock: Pick<Clock, 'nowMs'>
  newId: NewId
}>

const WORKSPACE_NAME = 'Peta'

export function createSetup(dependencies: SetupDependencies): Setup {
  const { store, links, sessions, directory, draft, clock, newId } = dependencies

  const isDone = async (): Promise<boolean> =>
    (await store.query('identity.owner', {})) !== undefined

  return {
    isDone,
    async complete({ link, email, name, workspace = WORKSPACE_NAME }) {
      if (await isDone()) throw new CoreError('setup_done')
      const { key } = await links.verify(link, 'setup')
      const workspaceId = newId('wsp')
      const userId = newId('usr')
      const session = sessions.prepare(workspaceId, userId)
      const who = { workspaceId, actorId: userId } as const
      await store.command(
        'identity.completeSetup',
        {
          link: key,
          atMs: clock.nowMs(),
          workspace: { id: workspaceId, name: workspace },
          user: { id: userId, email, name },
          session: session.row,
        },
        [
          draft({ ...who, type: 'setup.completed', target: workspaceId }),
          draft({ ...who, type: 'user.created', target: userId, fields: { role: 'owner' } }),
          draft({ ...who, type: 'login.succeeded', target: session.row.id }),
        ],
      )
      await directory.refresh()
      return session.secret
    },
  }
}
