import type { Outlet } from '../../model/call.ts'

/** An open stream of a session for what no request caused; `end` is called when it has to end. */
export type SessionStream = Readonly<{ notify: Outlet['notify']; end: () => void }>

export type SessionStreams = Readonly<{
  open: (stream: SessionStream) => Disposable
  /** Where such a message is sent: on one stream, whatever their number (MCP-34). */
  newest: () => SessionStream | undefined
  size: () => number
  end: () => void
}>

export function createSessionStreams(onClosed: () => void): SessionStreams {
  const open = new Set<SessionStream>()

  return {
    open(stream) {
      open.add(stream)
      return {
        [Symbol.dispose]() {
          open.delete(stream)
          onClosed()
        },
      }
    },
    newest: () => [...open].at(-1),
    size: () => open.size,
    end() {
      for (const { end } of open) end()
    },
  }
}
