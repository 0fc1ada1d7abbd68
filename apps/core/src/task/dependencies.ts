import type { Log } from '../ground/log.ts'
import type { Timers } from '../ground/timers.ts'
import type { Store } from '../store/store.ts'

/** Where a value is kept, so that it opens nowhere else. */
export type Place = Readonly<{ workspaceId: string; table: string; rowId: string; column: string }>

/** What tasks need from the rest of Core. */
export type TaskDependencies = Readonly<{
  store: Pick<Store, 'query' | 'housekeep'>
  sealData: (place: Place, bytes: Uint8Array) => Promise<Uint8Array>
  openData: (place: Place, blob: Uint8Array) => Promise<Uint8Array>
  /** The name of this process, which it has again at its next start, and no other that lives. */
  runner: string
  timers: Pick<Timers, 'every'>
  log: Pick<Log, 'warn'>
}>

/** A process that has not renewed its lease for so long is gone, and another goes on with its tasks. */
export const LEASE_MS = 30_000

export const placeOfRequest = (workspaceId: string, rowId: string): Place => ({
  workspaceId,
  table: 'task',
  rowId,
  column: 'request',
})

export const placeOfOutcome = (workspaceId: string, rowId: string): Place => ({
  workspaceId,
  table: 'task_outcome_part',
  rowId,
  column: 'blob',
})
