import type { Task, TaskRequest } from '../model/task.ts'
import { LEASE_MS, placeOfRequest, type TaskDependencies } from './dependencies.ts'
import { toTask } from './task-row.ts'

/** A task that nobody goes on with, now this process's. */
export type Orphan = Readonly<{ task: Task; request: TaskRequest }>

const TAKE_MS = 5000
const TAKEN_MAX = 100

/** Hands over what processes that are gone left behind, and looks on for more. */
export async function watchOrphans(
  { store, openData, runner, timers, log }: TaskDependencies,
  adopt: (orphan: Orphan) => void,
): Promise<Disposable> {
  async function take(): Promise<void> {
    const wanted = { runner, leaseMs: LEASE_MS, limit: TAKEN_MAX }
    const { taken, nowMs } = await store.housekeep('task.take', wanted)
    for (const row of taken) {
      const place = placeOfRequest(row.workspace_id, row.id)
      const bytes = Buffer.from(await openData(place, row.request))
      const { agent_id: agentId, token_id: tokenId, client_ip: clientIp, profile } = row
      const task = toTask(row.workspace_id, row, nowMs)
      adopt({ task, request: { agentId, tokenId, profile, clientIp, bytes } })
    }
  }

  await take()
  return timers.every(TAKE_MS, () => {
    take().catch((error: unknown) => log.warn({ err: error }, 'tasks could not be taken over'))
  })
}
