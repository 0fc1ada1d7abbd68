import type { AuditDraft, AuditDrafts } from '../model/audit-event.ts'
import type { AppenderConfig } from './appender.ts'
import type { commands, queries } from './operations.ts'
import type { ArgsOf, ResultOf } from './operation.ts'

export type QueryName = keyof typeof queries
export type CommandName = keyof typeof commands

/** Topics carry no content: a hint only makes a reader look sooner (STO-43). */
export type HintTopic =
  | 'approval'
  | 'policy'
  | 'identity'
  | 'profile'
  | 'server'
  | 'vault'
  | 'event'

/**
 * The one way to the database, the same on both engines. Every operation is named, so that there is a list of all
 * that Peta ever reads or writes.
 */
export type Store = AsyncDisposable &
  Readonly<{
    engine: 'sqlite' | 'postgres'

    /** @throws CoreError `store_unavailable` */
    query: <N extends QueryName>(
      name: N,
      args: ArgsOf<(typeof queries)[N]>,
    ) => Promise<ResultOf<(typeof queries)[N]>>

    /**
     * Runs one command and appends its events in the same transaction; resolves after COMMIT returned. When the
     * command throws, its events are not written.
     *
     * With a `requestId` it runs once: the same id with the same arguments gives the first result again for a day
     * (STO-35). Such a command returns plain JSON and nothing secret.
     *
     * @throws CoreError `conflict`, `store_busy`, `storage_full`, `store_unavailable`, `audit_unavailable`,
     *   `idempotency_mismatch`, and whatever the command itself throws
     */
    command: <N extends CommandName>(
      name: N,
      args: ArgsOf<(typeof commands)[N]>,
      events: AuditDrafts,
      requestId?: string,
    ) => Promise<ResultOf<(typeof commands)[N]>>

    /**
     * For changes that are no business event: leases, job claims, last-used marks. The names it takes are a short
     * reviewed list, so that nothing else can slip past the log.
     */
    housekeep: <N extends HousekeepingName>(
      name: N,
      args: ArgsOf<(typeof commands)[N]>,
    ) => Promise<ResultOf<(typeof commands)[N]>>

    /**
     * Appends events with no change of state: the hot path of the audit log. Resolves after COMMIT.
     *
     * @throws CoreError `audit_unavailable` when it cannot be acknowledged within 2,000 ms
     */
    append: (events: readonly AuditDraft[]) => Promise<void>

    /**
     * Gives the log's appender, in whatever thread it lives, what it needs to write. Before that every append fails.
     */
    arm: (config: AppenderConfig) => Promise<void>

    hints: Hints

    state: () => StoreState
  }>

/**
 * `full`: administration and clean-up work, new calls are refused. `unavailable`: PostgreSQL is away and will be tried
 * again. `failed`: the database file could not be read or written, and this process must end (STO-13).
 */
export type StoreState = 'ready' | 'full' | 'unavailable' | 'failed'

export type Hints = Readonly<{
  /** Calls back soon after any process committed something on the topic, and at least once a second. */
  on: (topic: HintTopic, wake: () => void) => Disposable
}>

/** Commands that leave no audit event, each with its reason in `housekeeping.ts`. */
export type HousekeepingName = Extract<
  CommandName,
  (typeof import('./housekeeping.ts').housekeeping)[number]
>
