import { isAborted } from '../ground/abort.ts'
import type { Clock } from '../ground/clock.ts'
import { CoreError, isCoreError } from '../ground/errors.ts'
import type { ApprovalStatus } from '../model/approval.ts'
import type { AuditDraft, AuditOutcome } from '../model/audit-event.ts'
import type { Append, Backlog } from './backlog.ts'
import type { CallEnd, CallEvents, Intent } from './call-events.ts'
import { isReadOnly } from '../model/read-only.ts'

/** What a call's work ends in, as far as the log needs to know it. */
export type RecordedOutcome = Readonly<{
  state: string
  result?: Readonly<{ bytes: Uint8Array; isError: boolean; isKept?: boolean }>
  status?: ApprovalStatus
}>

/** The bracket around every call: no effect without a record, no reply without a record (AUD-1, AUD-20). */
export type RecordCall = <O extends RecordedOutcome>(
  intent: Intent,
  work: () => Promise<O>,
) => Promise<O>

export type RecordDependencies = Readonly<{
  append: Append
  backlog: Backlog
  events: CallEvents
  clock: Pick<Clock, 'monotonicUs'>
}>

/**
 * The decision is durable before the work starts, and the outcome before the reply. A tool that an administrator
 * labelled read-only may start while its decision is on the way to disk, and its outcome is written after the reply;
 * its reply still waits for the decision.
 */
export function createRecord({ append, backlog, events, clock }: RecordDependencies): RecordCall {
  /** Nothing starts ahead of its record unless the last record could be written. */
  let isHealthy = false

  const written = (): Settled<void> => {
    isHealthy = true
    return DONE
  }
  const notWritten = (error: unknown): Settled<void> => {
    isHealthy = false
    return { error }
  }
  const write = (draft: AuditDraft): Promise<Settled<void>> =>
    append([draft]).then(written, notWritten)

  async function recordDurably<O extends RecordedOutcome>(
    intent: Intent,
    work: () => Promise<O>,
  ): Promise<O> {
    backlog.admit()
    const decided = events.decided(intent)
    unwrap(await write(decided))
    if (intent.decision.effect === 'deny') return work()
    const startUs = clock.monotonicUs()
    const ended = await settled(work())
    const end = endOf(ended, clock.monotonicUs() - startUs)
    const outcome = await write(events.completed(intent, decided.id, end))
    if ('error' in outcome) throw new CoreError(unrecordedCode(end), {}, { cause: outcome.error })
    return unwrap(ended)
  }

  async function recordRead<O extends RecordedOutcome>(
    intent: Intent,
    work: () => Promise<O>,
  ): Promise<O> {
    backlog.admit()
    const decided = events.decided(intent)
    const startUs = clock.monotonicUs()
    const writing = write(decided)
    const ended = await settled(work())
    const decision = await writing
    const end = endOf(ended, clock.monotonicUs() - startUs)
    const completed = events.completed(intent, decided.id, end)
    backlog.push('error' in decision ? [decided, completed] : [completed])
    unwrap(decision)
    return unwrap(ended)
  }

  return function record(intent, work) {
    const mayStart = isHealthy && isLabelledRead(intent)
    return mayStart ? recordRead(intent, work) : recordDurably(intent, work)
  }
}

type Settled<T> = Readonly<{ value: T } | { error: unknown }>

const DONE: Settled<void> = { value: undefined }

/** How a promise ends, as a value. It never rejects, and holds less than a function that waits would. */
const settled = <T>(work: Promise<T>): Promise<Settled<T>> => work.then(toValue<T>, toError)

const toValue = <T>(value: T): Settled<T> => ({ value })
const toError = (error: unknown): Settled<never> => ({ error })

function unwrap<T>(ended: Settled<T>): T {
  if ('error' in ended) throw ended.error
  return ended.value
}

const isLabelledRead = ({ call, decision }: Intent): boolean =>
  decision.effect === 'allow' && isReadOnly(call.item)

function endOf(ended: Settled<RecordedOutcome>, durationUs: number): CallEnd {
  if ('error' in ended) return { durationUs, ...failureOf(ended.error) }
  const { state, result, status } = ended.value
  return {
    outcome: result ? (result.isError ? 'failed' : 'executed') : waitingOutcome(state, status),
    durationUs,
    ...(result && { result: sizeOf(result) }),
    ...(status && { approval: { id: status.approvalId, state: status.state } }),
  }
}

const sizeOf = ({ bytes, isError, isKept }: NonNullable<RecordedOutcome['result']>) => ({
  bytes: bytes.length,
  isError,
  ...(isKept && { isKept }),
})

function waitingOutcome(state: string, status: ApprovalStatus | undefined): AuditOutcome {
  if (state === 'pending') return 'pending'
  return status?.state === 'EXPIRED' ? 'expired' : 'denied'
}

/** A call that was given up, or not answered in time, may have run. */
const UNKNOWN_CODES: ReadonlySet<string> = new Set(['outcome_unknown', 'call_timed_out'])

function failureOf(error: unknown): Pick<CallEnd, 'outcome' | 'errorCode'> {
  if (isAborted(error)) return { outcome: 'unknown', errorCode: 'cancelled' }
  const errorCode = isCoreError(error) ? error.code : 'internal'
  return { outcome: UNKNOWN_CODES.has(errorCode) ? 'unknown' : 'failed', errorCode }
}

/** Work that may have had an effect must not be repeated just because its outcome could not be written. */
const unrecordedCode = ({ outcome }: CallEnd): 'outcome_unknown' | 'audit_unavailable' =>
  outcome === 'pending' || outcome === 'denied' || outcome === 'expired'
    ? 'audit_unavailable'
    : 'outcome_unknown'
