import type { Outlet } from '../model/call.ts'
import type { Frame } from '../model/frame.ts'
import { metaKeys } from '../protocol/meta-keys.ts'
import { readServerFrame } from '../protocol/server-frame.ts'
import { splice } from '../protocol/splice.ts'

/** What else a request's stream may carry, besides its result. */
export type NoticeRules = Readonly<{
  frame: Frame
  /** The level a legacy session asked for. */
  sessionLogLevel?: string | undefined
}>

export type Notices = Outlet & Readonly<{ close: () => void }>

/** About the whole connection, not about one request; they never travel on a request's stream (MCP-125). */
const UNRELATED =
  /^notifications\/(?:(?:tools|prompts|resources)\/list_changed|resources\/updated|cancelled)$/

/**
 * Passes a server's notifications on to the request's own stream, as far as its client asked for them, and nothing
 * once the request is over (MCP-153).
 */
export function createNotices(outlet: Outlet, { frame, sessionLogLevel }: NoticeRules): Notices {
  const wantsLog = sessionLogLevel !== undefined || hasLogLevel(frame)
  const wantsProgress = frame.spans.progressToken !== undefined
  let isOpen = true

  function isWanted(method: string | undefined): boolean {
    if (method === 'notifications/progress') return wantsProgress
    if (method === 'notifications/message') return wantsLog
    return method !== undefined && !UNRELATED.test(method)
  }

  return {
    ...outlet,
    notify(bytes) {
      if (!isOpen) return
      const { kind, method } = readServerFrame(bytes)
      if (kind === 'notification' && isWanted(method)) outlet.notify(bytes)
    },
    close() {
      isOpen = false
    },
  }
}

/** Progress of a call that goes on under another request bears the token of that one, or is not sent. */
export function withTokenOf(frame: Frame, { notify }: Outlet): Outlet {
  const { progressToken } = frame.spans
  const token = progressToken && frame.bytes.subarray(...progressToken)
  return {
    notify(bytes) {
      const { method, spans } = readServerFrame(bytes)
      if (method !== 'notifications/progress') notify(bytes)
      else if (token && spans.progressToken) {
        notify(splice(bytes, [{ span: spans.progressToken, text: token }]))
      }
    },
  }
}

function hasLogLevel({ params }: Frame): boolean {
  const meta = params['_meta']
  return typeof meta === 'object' && meta !== null && Object.hasOwn(meta, metaKeys.logLevel)
}
