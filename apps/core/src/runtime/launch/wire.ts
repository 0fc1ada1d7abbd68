import type { CoreError } from '../../ground/errors.ts'
import type { Era } from '../../model/frame.ts'

/** One message on its way to a server. */
export type Outbound = Readonly<{
  bytes: Buffer
  /** Absent for notifications and for answers to the server's own requests. */
  hopId?: number
  method: string
  /** Tool or prompt name, or URI, as the server knows it: a header of the modern era (MCP-54). */
  name?: string
  /** Arguments that the server wants repeated in headers, by header name. */
  paramHeaders?: readonly (readonly [string, string])[]
  era: Era
  protocolVersion?: string
  /** Nobody knows when its answer ends, and silence says little. */
  isLasting?: boolean
}>

/** Why a wire is gone. */
export type WireEnd = Readonly<{
  reason:
    | 'stopped'
    | 'exited'
    | 'spawn_failed'
    | 'line_too_long'
    | 'garbage'
    | 'write_failed'
    | 'session_lost'
  /** Public: an exit code or a signal name, never text that the server wrote. */
  detail?: string
}>

export type WireEvents = Readonly<{
  /**
   * One JSON-RPC message. `hopId` is there where the transport ties a message to a request.
   * Returns false when the bytes were no message at all.
   */
  onMessage: (bytes: Buffer, hopId?: number) => boolean
  /** Whether someone still waits for the answer to this request. */
  isAwaited: (hopId: number) => boolean
  /** No answer to this request can come any more. `why` is asked only when someone still waits for one. */
  onLost: (hopId: number, why: () => LostRequest) => void
  /** Once, and nothing after it. */
  onEnd: (end: WireEnd) => void
}>

export type LostRequest = Readonly<{
  isSent: boolean
  error: CoreError
  /** What an HTTP server said, where that is evidence of the era it speaks (MCP-51). */
  status?: number
  /** Code of a JSON-RPC error that named no request. */
  code?: number
}>

/**
 * The bytes of one running server: a child's pipes, or an HTTP endpoint. It knows nothing of eras, catalogues or
 * callers; `connection.ts` is the one face over every kind (RUN-3).
 */
export type Wire = Readonly<{
  kind: 'stdio' | 'http'
  /** @throws CoreError `server_busy` or `server_unavailable`, with proof that no byte left */
  send: (message: Outbound) => void
  /** Nobody waits for this answer any more. */
  abandon: (hopId: number) => void
  /** Opens what brings messages that no request caused. Absent where they come by themselves. */
  openStream?: (events: StreamEvents) => Disposable
  /** Ends in order, by force at last. */
  stop: () => Promise<void>
  kill: () => Promise<void>
}>

/** What becomes of such a stream; `isOffered` is false where the server has none. */
export type StreamEvents = Readonly<{ onOpen: () => void; onEnd: (isOffered: boolean) => void }>

export type OpenWire = (events: WireEvents) => Wire
