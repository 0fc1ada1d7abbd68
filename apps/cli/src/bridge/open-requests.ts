import { isId, type Message, type MessageId } from './message.ts'

/** What the client has asked and not yet been answered. */
export type OpenRequests = Readonly<{
  has: (id: MessageId | undefined) => boolean
  /** The signal ends the request; call `close` once it is answered. */
  add: (message: Message) => Readonly<{ signal: AbortSignal; close: () => void }>
  /** Ends the modern request that a notice cancels. False when the notice is Core's to read. */
  cancelBy: (notice: Message) => boolean
  stop: () => void
}>

export function createOpenRequests(): OpenRequests {
  const open = new Map<MessageId, Readonly<{ controller: AbortController; isModern: boolean }>>()
  const stopping = new AbortController()

  return {
    has: (id) => id !== undefined && open.has(id),
    add({ kind, id, modernVersion }) {
      const controller = new AbortController()
      const signal = AbortSignal.any([controller.signal, stopping.signal])
      if (kind !== 'request' || id === undefined) return { signal, close: () => undefined }
      open.set(id, { controller, isModern: modernVersion !== undefined })
      return { signal, close: () => void open.delete(id) }
    },
    /** A modern request ends with its connection; a legacy one is cancelled by Core being told (MCP-131). */
    cancelBy({ method, params, modernVersion }) {
      const { requestId } = params
      if (method !== 'notifications/cancelled' || !isId(requestId)) return false
      const request = open.get(requestId)
      if (request?.isModern) request.controller.abort()
      return request?.isModern ?? modernVersion !== undefined
    },
    stop: () => stopping.abort(),
  }
}
