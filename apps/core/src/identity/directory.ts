import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { Store } from '../store/store.ts'
import { applyChanges, emptyWorkspace, tokensFrom, type Workspace } from './workspace.ts'
import type { AgentRecord, GroupRecord, TokenRecord, UserRecord } from './records.ts'

/** Who is in a workspace, as of the last confirmed look. Unknown workspaces are empty. */
export type WorkspaceDirectory = Readonly<{
  users: () => readonly UserRecord[]
  user: (id: string) => UserRecord | undefined
  groups: () => readonly GroupRecord[]
  /** Names of the groups a user is in, sorted. */
  groupsOf: (userId: string) => readonly string[]
  agents: () => readonly AgentRecord[]
  agent: (id: string) => AgentRecord | undefined
  tokensOf: (agentId: string) => readonly TokenRecord[]
}>

export type Directory = Readonly<{
  /** Resolves once everything committed before the call is in memory. */
  refresh: () => Promise<void>
  /** @throws CoreError `store_unavailable` when nobody confirmed for 5 s that this is current (IDN-21) */
  assertCurrent: () => void
  /** Changes with every change of any record; a key for what is derived from them. */
  version: () => number
  token: (id: string) => TokenRecord | undefined
  /** Shows a use that was written; it is no change of who may do what. */
  markUsed: (tokenId: string, atMs: number) => void
  workspace: (workspaceId: string) => WorkspaceDirectory
}>

const UNCONFIRMED_MAX_US = 5_000_000

export type DirectoryDependencies = Readonly<{
  query: Pick<Store, 'query'>['query']
  clock: Pick<Clock, 'monotonicUs'>
}>

/**
 * Everyone and every token in memory, so that no call reads a row to know who calls (IDN-18). It is as current as its
 * last refresh: own commands refresh at commit, others arrive by hint and poll.
 */
export function createDirectory({ query, clock }: DirectoryDependencies): Directory {
  const workspaces = new Map<string, Workspace>()
  /** Of all workspaces: a token names none. */
  const tokens = new Map<string, TokenRecord>()
  let confirmedUs = Number.NEGATIVE_INFINITY
  let version = 0
  let running: Promise<void> | undefined
  let following: Promise<void> | undefined

  async function read(): Promise<void> {
    const startedUs = clock.monotonicUs()
    for (const { workspaceId, epoch } of await query('identity.epochs', {})) {
      const known = workspaces.get(workspaceId) ?? emptyWorkspace(workspaceId)
      if (epoch === known.epoch) continue
      const changes = await query('identity.changes', { workspaceId, since: known.epoch })
      for (const token of tokensFrom(workspaceId, changes)) tokens.set(token.id, token)
      workspaces.set(workspaceId, applyChanges(known, changes))
      version += 1
    }
    confirmedUs = startedUs
  }

  function start(): Promise<void> {
    running = read().finally(() => (running = undefined))
    return running
  }

  return {
    refresh() {
      if (!running) return start()
      following ??= running
        .catch(() => undefined)
        .then(() => {
          following = undefined
          return start()
        })
      return following
    },
    assertCurrent() {
      if (clock.monotonicUs() - confirmedUs > UNCONFIRMED_MAX_US) {
        throw new CoreError('store_unavailable')
      }
    },
    version: () => version,
    token: (id) => tokens.get(id),
    markUsed(id, atMs) {
      const token = tokens.get(id)
      if (token) tokens.set(id, { ...token, lastUsedAtMs: atMs })
    },
    workspace: (id) => directoryOf(workspaces.get(id) ?? emptyWorkspace(id), tokens),
  }
}

const directoryOf = (
  workspace: Workspace,
  tokens: ReadonlyMap<string, TokenRecord>,
): WorkspaceDirectory => ({
  users: () => [...workspace.users.values()],
  user: (id) => workspace.users.get(id),
  groups: () => [...workspace.groups.values()],
  groupsOf: (userId) => workspace.groupsOf.get(userId) ?? [],
  agents: () => [...workspace.agents.values()],
  agent: (id) => workspace.agents.get(id),
  tokensOf: (agentId) =>
    [...tokens.values()].filter(
      (token) => token.workspaceId === workspace.id && token.agentId === agentId,
    ),
})
