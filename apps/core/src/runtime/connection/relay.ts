import type { Clock } from '../../ground/clock.ts'
import type { Outlet } from '../../model/call.ts'
import type { Frame, ServerFrame } from '../../model/frame.ts'
import type { Askable } from '../../model/question.ts'
import { readValue } from '../../protocol/members.ts'
import { splice } from '../../protocol/splice.ts'

/** What one open call lets through to its caller, and to nobody else (RUN-12). */
export type Relay = Readonly<{
  /** A progress notification that carries this hop's token. */
  progress: (frame: ServerFrame) => void
  /** Any other notification that came on the call's own stream. */
  notify: (frame: ServerFrame) => void
  /** What the server will tell of; only a subscription has it. */
  acknowledged?: (frame: ServerFrame) => void
  /** Takes what the server asks of the client. */
  askable?: Askable
}>

const PROGRESS_PER_SECOND_MAX = 20
const LOGS_PER_SECOND_MAX = 50

/** Gives progress its client's own token back, to the byte, and drops what runs backwards or floods (MCP-130). */
export function createRelay(frame: Frame, outlet: Outlet, clock: Pick<Clock, 'nowMs'>): Relay {
  const { progressToken } = frame.spans
  const token = progressToken && frame.bytes.subarray(...progressToken)
  // Made with the first message that needs one: most calls are answered without any.
  let mayProgress: Rate | undefined
  let mayLog: Rate | undefined
  let reached = Number.NEGATIVE_INFINITY

  return {
    progress({ bytes, spans }) {
      if (!token || !spans.progressToken) return
      const value = progressOf(spans.params && readValue(bytes, spans.params))
      if (value === undefined || value <= reached) return
      mayProgress ??= createRate(PROGRESS_PER_SECOND_MAX, clock)
      if (!mayProgress()) return
      reached = value
      outlet.notify(splice(bytes, [{ span: spans.progressToken, text: token }]))
    },
    notify({ bytes }) {
      mayLog ??= createRate(LOGS_PER_SECOND_MAX, clock)
      if (mayLog()) outlet.notify(bytes)
    },
    ...(outlet.askable && { askable: outlet.askable }),
  }
}

function progressOf(params: unknown): number | undefined {
  if (typeof params !== 'object' || params === null || !('progress' in params)) return undefined
  return typeof params.progress === 'number' ? params.progress : undefined
}

/** Whether one more may pass now. */
type Rate = () => boolean

function createRate(perSecondMax: number, clock: Pick<Clock, 'nowMs'>): Rate {
  let windowStartMs = 0
  let count = 0
  return () => {
    const now = clock.nowMs()
    if (now - windowStartMs >= 1000) {
      windowStartMs = now
      count = 0
    }
    count += 1
    return count <= perSecondMax
  }
}
