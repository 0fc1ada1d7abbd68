import type { Advance } from './advance.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import type { Find } from './find.ts'
import { settleOverdue } from './overdue.ts'

/**
 * Writes down what time has done to approvals that nobody looks at: deadlines, and claims whose worker is gone
 * (APR-37). Every reader judges by the time itself, so a late sweep makes only the notice late.
 */
export type Sweep = () => Promise<void>

const PERIOD_MS = 1000
const FORGET_EVERY = 60

type SweepDependencies = Pick<ApprovalDependencies, 'store' | 'log'> &
  Readonly<{ find: Find; advance: Advance }>

export function createSweep({ store, log, find, advance }: SweepDependencies): Sweep {
  return async function sweep() {
    for (const { workspaceId, id } of await store.query('approval.due', {})) {
      try {
        const approval = await find.byId(workspaceId, id)
        if (approval) await settleOverdue(approval, advance)
      } catch (error) {
        log.error({ err: error, approval: id }, 'an overdue approval could not be ended')
      }
    }
  }
}

/** Sweeps now and every second; deletes results whose time is over once a minute. */
export function startSweeping(
  sweep: Sweep,
  { store, timers, log }: Pick<ApprovalDependencies, 'store' | 'timers' | 'log'>,
): Disposable {
  let isSweeping = false
  let count = 0

  async function run(): Promise<void> {
    if (isSweeping) return
    isSweeping = true
    try {
      await sweep()
      if (count++ % FORGET_EVERY === 0) await store.housekeep('approval.forgetResults', {})
    } catch (error) {
      log.warn({ err: error }, 'approvals could not be swept; the next second tries again')
    } finally {
      isSweeping = false
    }
  }

  void run()
  return timers.every(PERIOD_MS, () => void run())
}
