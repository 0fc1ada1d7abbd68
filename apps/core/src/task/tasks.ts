import { randomBytes } from '../crypto/random.ts'
import type { Task, TaskKey, TaskRequest } from '../model/task.ts'
import { LEASE_MS, placeOfOutcome, placeOfRequest, type TaskDependencies } from './dependencies.ts'
import { watchOrphans, type Orphan } from './orphans.ts'
import { toTask } from './task-row.ts'

export type NewTask = Readonly<{
  workspaceId: string
  owner: string
  request: TaskRequest
  approvalId?: string
  keepMs: number
  /** When people may decide about it at the latest; it is kept so much longer. */
  waitsUntilMs?: number
}>

/** What it ended in, as JSON. */
export type TaskEnd = Readonly<{ state: 'completed' | 'failed'; outcome: Buffer }>

export type TaskPage = Readonly<{
  workspaceId: string
  owner: string
  before?: Pick<Task, 'createdAtMs' | 'id'>
  limit: number
}>

/** What is kept of calls that go on without their clients. Whoever names another's finds nothing (MCP-134). */
export type Tasks = AsyncDisposable &
  Readonly<{
    /** Durable when it resolves. @throws CoreError `calls_limited`, `vault_sealed` */
    open: (task: NewTask) => Promise<Task>
    read: (key: TaskKey) => Promise<Task | undefined>
    /** An owner's tasks, newest first, without their outcomes. */
    list: (page: TaskPage) => Promise<readonly Task[]>
    /** False when it had ended before, or is not this process's any more. */
    end: (key: TaskKey, end: TaskEnd) => Promise<boolean>
    /** False when it had ended before. */
    cancel: (key: TaskKey) => Promise<boolean>
    /** From now on, every task that its process left behind is handed to `adopt`. */
    adopt: (adopt: (orphan: Orphan) => void) => Promise<void>
  }>

const ID_BYTES = 24
const RENEW_MS = 10_000
const FORGET_MS = 60_000
/** Those that ended too: whoever wants more waits until they are forgotten. */
const PER_OWNER_MAX = 1000
/** A row holds at most 4 MiB. */
const PART_BYTES = 1024 * 1024

/** Nobody else bears this process's name, so what an earlier start of it left is free to be taken from now on. */
export async function openTasks(needs: TaskDependencies): Promise<Tasks> {
  const { store, runner, log } = needs
  await store.housekeep('task.release', { runner })
  const waits = keepUp(needs)

  return {
    open: (task) => open(needs, task),
    read: (key) => read(needs, key),
    list: (page) => list(needs, page),
    end: (key, end) => keepEnd(needs, key, end),
    cancel: ({ workspaceId, owner, id }) =>
      store.housekeep('task.cancel', { workspaceId, owner, id }),
    async adopt(adopt) {
      waits.push(await watchOrphans(needs, adopt))
    },
    async [Symbol.asyncDispose]() {
      for (const wait of waits) wait[Symbol.dispose]()
      await store
        .housekeep('task.release', { runner })
        .catch((error: unknown) => log.warn({ err: error }, 'tasks could not be let go'))
    },
  }
}

/** Holds on to what runs here, and lets go of what was kept long enough. */
function keepUp({ store, runner, timers, log }: TaskDependencies): Disposable[] {
  const renew = (): void => {
    store
      .housekeep('task.renew', { runner, leaseMs: LEASE_MS })
      .catch((error: unknown) => log.warn({ err: error }, 'tasks could not be held'))
  }
  const forget = (): void => {
    store
      .housekeep('task.forget', {})
      .catch((error: unknown) => log.warn({ err: error }, 'old tasks could not be deleted'))
  }
  return [timers.every(RENEW_MS, renew), timers.every(FORGET_MS, forget)]
}

async function open(
  { store, sealData, runner }: TaskDependencies,
  { workspaceId, owner, request, approvalId, keepMs, waitsUntilMs }: NewTask,
): Promise<Task> {
  const id = randomBytes(ID_BYTES).toString('base64url')
  const { bytes, ...asker } = request
  const waitsFor = approvalId === undefined ? {} : { approvalId }
  const { nowMs, expiresAtMs } = await store.housekeep('task.open', {
    workspaceId,
    owner,
    id,
    ...asker,
    ...waitsFor,
    runner,
    keepMs,
    ...(waitsUntilMs !== undefined && { waitsUntilMs }),
    request: await sealData(placeOfRequest(workspaceId, id), bytes),
    leaseMs: LEASE_MS,
    perOwnerMax: PER_OWNER_MAX,
  })
  const times = { createdAtMs: nowMs, changedAtMs: nowMs, expiresAtMs, nowMs }
  return { workspaceId, owner, id, state: 'working', ...waitsFor, ...times }
}

async function read(
  { store, openData }: TaskDependencies,
  { workspaceId, owner, id }: TaskKey,
): Promise<Task | undefined> {
  const found = await store.query('task.one', { workspaceId, owner, id })
  if (!found) return undefined
  const task = toTask(workspaceId, found.task, found.nowMs)
  if (found.parts.length === 0) return task
  const place = placeOfOutcome(workspaceId, id)
  return { ...task, outcome: Buffer.from(await openData(place, Buffer.concat(found.parts))) }
}

async function list(
  { store }: TaskDependencies,
  { workspaceId, owner, before, limit }: TaskPage,
): Promise<readonly Task[]> {
  const { tasks, nowMs } = await store.query('task.ofOwner', {
    workspaceId,
    owner,
    limit,
    ...(before && { before: { createdAt: before.createdAtMs, id: before.id } }),
  })
  return tasks.map((row) => toTask(workspaceId, row, nowMs))
}

async function keepEnd(
  { store, sealData, runner }: TaskDependencies,
  { workspaceId, id }: TaskKey,
  { state, outcome }: TaskEnd,
): Promise<boolean> {
  const blob = await sealData(placeOfOutcome(workspaceId, id), outcome)
  const parts: Uint8Array[] = []
  for (let start = 0; start < blob.length; start += PART_BYTES) {
    parts.push(blob.subarray(start, start + PART_BYTES))
  }
  return store.housekeep('task.end', { workspaceId, id, runner, state, parts })
}
