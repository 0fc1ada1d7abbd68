import type { Timers } from '../../ground/timers.ts'
import type { ApprovalStatus } from '../../model/approval.ts'
import type { Outlet, Wait } from '../../model/call.ts'
import type { Frame } from '../../model/frame.ts'
import { readValue } from '../../protocol/members.ts'
import { readServerFrame } from '../../protocol/server-frame.ts'
import { waitingText } from './waiting-text.ts'

const EVERY_MS = 10_000
/** So small that what a server counts afterwards is ahead of it. */
const STEP = 1e-6

export type WaitNotice = Readonly<{ outlet: Outlet; pending: Wait['pending'] }>

/**
 * Tells a client that is held what it waits for, by the progress token that it sent; one that sent none is told nothing
 * (APR-40, MCP-130). Progress of its server that would run backwards after that is dropped.
 */
export function createWaitNotice(
  outlet: Outlet,
  { spans, bytes }: Frame,
  timers: Pick<Timers, 'every'>,
): WaitNotice {
  const token = spans.progressToken && bytes.subarray(...spans.progressToken).toString('utf8')
  let sent = 0

  function tell(status: ApprovalStatus, waitedMs: number): void {
    sent += 1
    const message = JSON.stringify(waitingText({ ...status, leftMs: status.leftMs - waitedMs }))
    const params = `{"progressToken":${token},"progress":${sent * STEP},"message":${message}}`
    const method = 'notifications/progress'
    outlet.notify(Buffer.from(`{"jsonrpc":"2.0","method":"${method}","params":${params}}`))
  }

  return {
    outlet: {
      ...outlet,
      notify(frame) {
        if (sent === 0 || progressIn(frame) > sent * STEP) outlet.notify(frame)
      },
    },
    pending(status) {
      if (token === undefined) return undefined
      let waitedMs = 0
      tell(status, waitedMs)
      return timers.every(EVERY_MS, () => tell(status, (waitedMs += EVERY_MS)))
    },
  }
}

/** What is no progress is ahead of all. */
function progressIn(frame: Buffer): number {
  const { method, spans } = readServerFrame(frame)
  if (method !== 'notifications/progress' || !spans.params) return Number.POSITIVE_INFINITY
  const params: unknown = readValue(frame, spans.params)
  const isCounted = typeof params === 'object' && params !== null && 'progress' in params
  return isCounted ? Number(params.progress) : Number.NEGATIVE_INFINITY
}
