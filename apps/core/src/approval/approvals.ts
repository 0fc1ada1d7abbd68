import { createAdvance } from './advance.ts'
import { createAsk, type Answer, type Asked } from './ask.ts'
import { createCancel, type Cancel } from './cancel.ts'
import { createClaim } from './claim.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import { createFind } from './find.ts'
import { createList, type List } from './list.ts'
import { createMarkSent, type MarkSent } from './mark-sent.ts'
import { createOpen } from './open.ts'
import { createDoAct } from './person-act.ts'
import { createProgress, type Progress } from './progress.ts'
import { createRead, type Read } from './read.ts'
import { createReconcile } from './reconcile.ts'
import { createReplay } from './replay.ts'
import { createResolve, type Resolve } from './resolve.ts'
import { createRevoke, type Revoke } from './revoke.ts'
import { createSettle, type Settle } from './settle.ts'
import { createSweep, startSweeping, type Sweep } from './sweep.ts'
import { createVote, type CastVote } from './vote.ts'
import { createWakeUpHub } from './wake-up-hub.ts'
import { createWithdraw, type Withdraw } from './withdraw.ts'

/** Everything that happens to a call that a person has to decide. */
export type Approvals = Disposable &
  Readonly<{
    ask: (asked: Asked, signal: AbortSignal) => Promise<Answer>
    cancel: Cancel
    progress: Progress
    settle: Settle
    markSent: MarkSent
    /** The reply with an approved call's result was written in full (APR-43). */
    delivered: (workspaceId: string, approvalId: string) => Promise<void>
    vote: CastVote
    withdraw: Withdraw
    revoke: Revoke
    resolve: Resolve
    read: Read
    list: List
    sweep: Sweep
  }>

/** Sweeps from the start until it is disposed. */
export function createApprovals(needs: ApprovalDependencies): Approvals {
  const { store } = needs
  const find = createFind(needs)
  const advance = createAdvance(needs)
  const hub = createWakeUpHub(needs)
  const reconcile = createReconcile(needs)
  const claim = createClaim({ ...needs, advance, reconcile })
  const doAct = createDoAct({ ...needs, find, advance })
  const sweep = createSweep({ ...needs, find, advance })
  const sweeping = startSweeping(sweep, needs)

  return {
    ask: createAsk({
      ...needs,
      find,
      open: createOpen(needs),
      claim,
      advance,
      reconcile,
      replay: createReplay(needs),
      hub,
    }),
    cancel: createCancel({ find, advance }),
    progress: createProgress({ find }),
    settle: createSettle({ ...needs, find }),
    markSent: createMarkSent(needs),
    delivered: (workspaceId, id) => store.housekeep('approval.markDelivered', { workspaceId, id }),
    vote: createVote({ ...needs, find, advance }),
    withdraw: createWithdraw(doAct),
    revoke: createRevoke(doAct),
    resolve: createResolve(doAct),
    read: createRead({ ...needs, find }),
    list: createList(needs),
    sweep,
    [Symbol.dispose]() {
      sweeping[Symbol.dispose]()
      hub[Symbol.dispose]()
    },
  }
}
