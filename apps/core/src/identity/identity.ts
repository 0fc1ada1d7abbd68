import type { Clock } from '../ground/clock.ts'
import { CoreError, isCoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Log } from '../ground/log.ts'
import type { Store } from '../store/store.ts'
import { createDirectoryChanges, type DirectoryChanges } from './agents.ts'
import { createAuthenticate, type Authenticate } from './authenticate.ts'
import type { Pepper } from './credentials.ts'
import { createDirectory, type Directory } from './directory.ts'
import type { DraftEvent } from './draft.ts'
import type { Principal } from '../model/principal.ts'
import { createLinks, type Links } from './links.ts'
import { principalOfAgent } from './principal.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createSetup, type Setup } from './setup.ts'
import { createTokens, type Tokens } from './tokens.ts'

/** Who is who: everything Peta knows about people, agents and their credentials. */
export type Identity = AsyncDisposable &
  Readonly<{
    identify: Authenticate['identify']
    person: Sessions['person']
    isCurrent: Sessions['isCurrent']
    endSession: Sessions['end']
    /** Ends a genuine credential that came in a URL, then refuses. @throws CoreError `credential_in_url` */
    refuseInUrl: (credential: string) => Promise<never>
    /** Who an agent speaks for now, of which no token is shown; undefined when it may not act. */
    principal: (
      asker: Readonly<{ workspaceId: string; agentId: string; tokenId: string }>,
    ) => Principal | undefined
    directory: Pick<Directory, 'token' | 'workspace' | 'version'>
    changes: DirectoryChanges
    tokens: Pick<Tokens, 'issue' | 'rotate' | 'revoke'>
    links: Pick<Links, 'create' | 'signIn'>
    setup: Setup
  }>

export type IdentityDependencies = Readonly<{
  store: Pick<Store, 'command' | 'housekeep' | 'query' | 'hints'>
  pepper: Pepper
  draft: DraftEvent
  clock: Clock
  newId: NewId
  log: Pick<Log, 'warn'>
  timers: Readonly<{ every: (periodMs: number, run: () => void) => Disposable }>
}>

/** How soon a change made by another process counts here, when no hint comes first (IDN-20). */
const POLL_MS = 250
const MARK_USED_MS = 60_000
const MARKS_PER_COMMAND = 1000

/** Resolves once everyone is known, so that no caller is refused just because Peta is starting. */
export async function openIdentity(dependencies: IdentityDependencies): Promise<Identity> {
  const { store, log, timers } = dependencies
  const directory = createDirectory({ query: store.query, clock: dependencies.clock })
  const parts = { ...dependencies, directory }
  const authenticate = createAuthenticate(parts)
  const sessions = createSessions(parts)
  const links = createLinks({ ...parts, sessions })
  const tokens = createTokens(parts)

  const refresh = (): void => {
    directory
      .refresh()
      .catch((error: unknown) => log.warn({ err: error }, 'identity not confirmed'))
  }
  const markUsed = (): Promise<void> => writeMarks(store, directory, authenticate.takeUsed())
  const marks = (): void => {
    markUsed().catch((error: unknown) => log.warn({ err: error }, 'last use not written'))
  }
  await directory.refresh()
  const waits = [
    store.hints.on('identity', refresh),
    timers.every(POLL_MS, refresh),
    timers.every(MARK_USED_MS, marks),
  ]

  return {
    identify: authenticate.identify,
    person: sessions.person,
    isCurrent: sessions.isCurrent,
    endSession: sessions.end,
    async refuseInUrl(credential) {
      const token = authenticate.recognise(credential)
      if (token) await tokens.revokeLeaked(token, 'credential_in_url')
      else await sessions.endByToken(credential, 'credential_in_url')
      throw new CoreError('credential_in_url')
    },
    principal: (asker) => principalOfAgent(asker, directory.workspace(asker.workspaceId)),
    directory,
    changes: createDirectoryChanges(parts),
    tokens,
    links,
    setup: createSetup({ ...parts, links, sessions }),
    async [Symbol.asyncDispose]() {
      for (const wait of waits) wait[Symbol.dispose]()
      await markUsed().catch((error: unknown) => {
        if (!isCoreError(error)) throw error
      })
    },
  }
}

async function writeMarks(
  store: Pick<Store, 'housekeep'>,
  directory: Pick<Directory, 'markUsed'>,
  used: ReturnType<Authenticate['takeUsed']>,
): Promise<void> {
  for (const [workspaceId, marks] of Map.groupBy(used, (mark) => mark.workspaceId)) {
    for (let at = 0; at < marks.length; at += MARKS_PER_COMMAND) {
      const part = marks.slice(at, at + MARKS_PER_COMMAND).map(({ id, atMs }) => ({ id, atMs }))
      await store.housekeep('identity.markTokensUsed', { workspaceId, used: part })
      for (const { id, atMs } of part) directory.markUsed(id, atMs)
    }
  }
}
