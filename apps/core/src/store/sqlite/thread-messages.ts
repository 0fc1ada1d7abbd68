import type { AppenderConfig } from '../appender.ts'
import type { ErrorMessage } from '../store-error.ts'
import type { QueryName } from '../store.ts'
import type { PackedRequest } from '../write-request.ts'

/** What passes between the main thread and those that touch the file. All of it is plain data. */

export type ThreadStart = Readonly<{ path: string; appVersion: string; nowMs: number }>

/** The first message to a thread: it may open the file. It loads its code before, and nothing else. */
type MayOpen = Readonly<{ kind: 'open' }>

/** A thread's first message: it serves, or it could not start. */
export type ThreadOpened = Readonly<{ kind: 'opened'; migrated: readonly string[] }>
export type ThreadFailed = Readonly<{ kind: 'failed'; error: ErrorMessage }>

export type ToWriter =
  | MayOpen
  | Readonly<
      | { kind: 'write'; requests: readonly PackedRequest[] }
      | { kind: 'arm'; config: AppenderConfig }
      | { kind: 'close' }
    >

export type FromWriter =
  | ThreadOpened
  | ThreadFailed
  | Readonly<{
      kind: 'replies'
      /** Requests that succeeded without a result: nearly all of them. */
      done: readonly number[]
      results: readonly (readonly [seq: number, result: unknown])[]
      errors: readonly (readonly [seq: number, error: ErrorMessage])[]
    }>

export type ToReader =
  | MayOpen
  | Readonly<{ kind: 'read'; reads: readonly Read[] } | { kind: 'close' }>
export type Read = readonly [seq: number, name: QueryName, args: unknown, nowMs: number]

export type FromReader =
  | ThreadOpened
  | ThreadFailed
  | Readonly<{
      kind: 'rows'
      results: readonly (readonly [seq: number, result: unknown])[]
      errors: readonly (readonly [seq: number, error: ErrorMessage])[]
    }>
