import type { Outlet } from '../model/call.ts'

/** An open stream of a session for what no request caused. */
export type SessionStream = Readonly<{ notify: Outlet['notify']; ended: AbortSignal }>

export type SessionStreams = Readonly<{
  open: (notify: Outlet['notify']) => Disposable & SessionStream
  /** Where such a message is sent: on one stream, whatever their number (MCP-34). */
  newest: () => SessionStream | undefined
  size: () => number
  end: () => void
}>

export function createSessionStreams(onClosed: () => void): SessionStreams {
  const open = new Map<SessionStream, AbortController>()

  return {
    open(notify) {
      const ending = new AbortController()
      const stream = {
        notify,
        ended: ending.signal,
        [Symbol.dispose]() {
          open.delete(stream)
          onClosed()
        },
      }
      open.set(stream, ending)
      return stream
    },
    newest: () => [...open.keys()].at(-1),
    size: () => open.size,
    end() {
      for (const ending of open.values()) ending.abort()
    },
  }
}
