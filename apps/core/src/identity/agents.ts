import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Person } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import type { Directory } from './directory.ts'
import type { DraftEvent } from './draft.ts'
import type { AgentRecord, GroupRecord, Status } from './records.ts'

export type AgentRequest = Readonly<{
  name: string
  ownership: AgentRecord['ownership']
  labels: readonly string[]
}>

export type AgentChange = Readonly<{ status?: Status; labels?: readonly string[] }>

/** What people change in the directory. Whether they may is decided before (IDN-3). */
export type DirectoryChanges = Readonly<{
  createAgent: (person: Person, request: AgentRequest) => Promise<AgentRecord>
  /** Takes effect before it resolves. @throws CoreError `not_found` */
  changeAgent: (person: Person, agentId: string, change: AgentChange) => Promise<AgentRecord>
  /** Sets the members, all of them people of the workspace. @throws CoreError `not_found` */
  putGroup: (person: Person, name: string, members: readonly string[]) => Promise<GroupRecord>
}>

export type DirectoryChangesParts = Readonly<{
  store: Pick<Store, 'command'>
  directory: Pick<Directory, 'refresh' | 'workspace'>
  draft: DraftEvent
  clock: Pick<Clock, 'nowMs'>
  newId: NewId
}>

export const createDirectoryChanges = (parts: DirectoryChangesParts): DirectoryChanges => ({
  createAgent: (person, request) => createAgent(parts, person, request),
  changeAgent: (person, agentId, change) => changeAgent(parts, person, agentId, change),
  putGroup: (person, name, members) => putGroup(parts, person, name, members),
})

async function createAgent(
  parts: DirectoryChangesParts,
  person: Person,
  { name, ownership, labels }: AgentRequest,
): Promise<AgentRecord> {
  const id = parts.newId('agt')
  const owner = { workspaceId: person.workspaceId, ownership, ownerId: person.userId }
  const args = { ...owner, id, name, labels: [...labels], createdAtMs: parts.clock.nowMs() }
  const fields = { ownership, owner_id: person.userId, labels }
  await parts.store.command('identity.createAgent', args, [
    parts.draft({ ...by(person), type: 'agent.created', target: id, fields }),
  ])
  return current(parts, person, id)
}

async function changeAgent(
  parts: DirectoryChangesParts,
  person: Person,
  agentId: string,
  { status, labels }: AgentChange,
): Promise<AgentRecord> {
  const args = {
    workspaceId: person.workspaceId,
    id: agentId,
    ...(status && { status }),
    ...(labels && { labels: [...labels] }),
  }
  const fields = { status, labels }
  await parts.store.command('identity.changeAgent', args, [
    parts.draft({ ...by(person), type: 'agent.changed', target: agentId, fields }),
  ])
  return current(parts, person, agentId)
}

async function putGroup(
  { store, directory, draft, clock }: DirectoryChangesParts,
  person: Person,
  name: string,
  members: readonly string[],
): Promise<GroupRecord> {
  const { user } = directory.workspace(person.workspaceId)
  const unique = [...new Set(members)].toSorted()
  if (unique.some((id) => !user(id))) throw new CoreError('not_found')
  const { workspaceId } = person
  const args = { workspaceId, name, members: unique, createdAtMs: clock.nowMs() }
  await store.command('identity.putGroup', args, [
    draft({ ...by(person), type: 'group.changed', target: name, fields: { members: unique } }),
  ])
  await directory.refresh()
  return { name, members: unique }
}

async function current(
  { directory }: DirectoryChangesParts,
  { workspaceId }: Person,
  agentId: string,
): Promise<AgentRecord> {
  await directory.refresh()
  const agent = directory.workspace(workspaceId).agent(agentId)
  if (!agent) throw new CoreError('not_found')
  return agent
}

const by = ({ workspaceId, userId }: Person) => ({ workspaceId, actorId: userId }) as const
