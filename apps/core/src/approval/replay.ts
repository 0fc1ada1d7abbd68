import { z } from 'zod'

import type { CallResult } from '../model/call.ts'
import type { Replayed } from '../model/clearance.ts'
import type { Call } from '../model/call.ts'
import type { Approval } from './approval.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import { placeOfResult } from './places.ts'
import { statusOf } from './status.ts'

/**
 * The stored answer of a call that ran, when the same caller asks again: to whoever names the approval as long as it
 * is kept; else once, for a reply that was never written in full (APR-43). `kept`: asked for by name, and not there
 * any more. Nothing: this is a new intent.
 */
export type Replay = (
  call: Call,
  approval: Approval,
  /** It waited for this very approval, which is naming it. */
  isBound: boolean,
) => Promise<Replayed | 'kept_no_more' | undefined>

const UNASKED_MS = 10 * 60_000
const META_KEY = 'io.peta/approval'

const Named = z.looseObject({ [META_KEY]: z.looseObject({ id: z.string() }) })
const ServerEra = z.enum(['modern', 'legacy'])

export function createReplay({
  store,
  openData,
}: Pick<ApprovalDependencies, 'store' | 'openData'>): Replay {
  return async function replay(call, approval, isBound) {
    const { workspaceId, id, fence } = approval
    const stored = await store.query('approval.result', { workspaceId, id, fence })
    const isNamed = isBound || namedApproval(call) === id
    if (!stored) return isNamed ? 'kept_no_more' : undefined
    const { result, parts, nowMs } = stored
    const isKept = parts.length > 0 && nowMs < result.keep_until
    if (!isKept && isNamed) return 'kept_no_more'
    if (!isNamed) {
      if (nowMs - result.stored_at > UNASKED_MS) return undefined
      if (!(await store.housekeep('approval.takeReplay', { workspaceId, id, fence }))) {
        return undefined
      }
      if (!isKept) return 'kept_no_more'
    }
    const bytes = await openData(placeOfResult(approval, fence), Buffer.concat(parts))
    return {
      state: 'replayed',
      status: statusOf(approval),
      result: resultOf(bytes, { id, isError: result.is_error === 1, era: result.server_era }),
    }
  }
}

const resultOf = (
  bytes: Uint8Array,
  { id, isError, era }: Readonly<{ id: string; isError: boolean; era: string }>,
): CallResult => ({
  bytes: Buffer.from(bytes),
  isError,
  serverEra: ServerEra.parse(era),
  approvalId: id,
})

/** The approval a client says it is coming back for. It chooses which answer is repeated, never whether a call runs. */
function namedApproval({ frame }: Call): string | undefined {
  const named = Named.safeParse(frame.params['_meta'])
  return named.success ? named.data[META_KEY].id : undefined
}
