import type { ApprovalStatus } from './approval.ts'
import type { Era, Frame, ServerFrame } from './frame.ts'
import type { Askable } from './question.ts'
import type { CatalogueItem, ServerRef } from './server.ts'

/** What policy decides on (POL-20). */
export const actions = [
  'tool.call',
  'resource.read',
  'prompt.get',
  'completion.get',
  'client.sample',
  'client.elicit',
  'client.roots',
  'rpc.other',
] as const
export type Action = (typeof actions)[number]

/** One MCP request that reaches a server, named and parsed; `args` is still the client's untrusted JSON. */
export type Call = Readonly<{
  id: string
  workspaceId: string
  action: Action
  method: string
  server: ServerRef
  /** The catalogue entry it names. Absent only for `rpc.other`. */
  item?: CatalogueItem
  /** The server's own name for the target: tool or prompt name, resource URI, or the method of `rpc.other`. */
  name: string
  args: unknown
  uri?: string
  /** Whether its client sees the server's own names and URIs (MCP-111). */
  isUnprefixed?: boolean
  /** Its client shows apps; a modern server is told with each request (MCP-55). */
  showsApps?: boolean
  /** It came from an app, by its server's own name for the tool (MCP-141). */
  via?: 'app'
  /** How long its result may be given again, where an administrator said so of its tool (MCP-121). */
  keepMs?: number
  /** Of a tool of Peta itself: what answers in place of a server. */
  own?: (signal: AbortSignal) => Promise<CallResult>
  /** The request as the client sent it. */
  frame: Frame
  clientEra: Era
  /** What a legacy session asked to be told at least; a modern request says it in its own metadata. */
  logLevel?: string
  /** Of a later round: what its server gave to come back with, and the approval under which the first one ran. */
  round?: Readonly<{ serverState?: string; approvalId?: string }>
  clientIp: string
  receivedAtMs: number
}>

/**
 * The server's answer: one whole JSON-RPC response frame as the server wrote it, scrubbed but not yet in the form of
 * the client's revision; the gateway gives it the client's id and era. Whole, because errors must be recognised,
 * secrets found and the outcome recorded before a byte of it is delivered.
 */
export type CallResult = Readonly<{
  bytes: Buffer
  /** The same as it was read when it arrived. Absent for a stored one; worth nothing once the bytes are others. */
  frame?: ServerFrame
  serverEra: Era
  /** A JSON-RPC error, or a tool result with `isError: true`. */
  isError: boolean
  /** An earlier answer of the same server, given again: nothing was sent. */
  isKept?: boolean
  /** Present when a person approved the call. Whoever has written the reply in full reports it (APR-43). */
  approvalId?: string
}>

/**
 * A call's way back to its client for what precedes the result: progress and log notifications, in order, with the
 * client's own progress token, and questions. Nothing passes after the result, but for a subscription: what it is told
 * follows its result, until its signal aborts.
 */
export type Outlet = Readonly<{
  notify: (frame: Buffer) => void
  /** Absent where the client offered nothing that it could be asked for. */
  askable?: Askable
  /** Of a subscription: the server tells of nothing more. */
  lost?: () => void
  /** Whether no request of the client is open for it any more, so that the client cannot come back with another round. */
  goesOnAlone?: () => boolean
  /** From now on it does. Absent where no client takes a task for an answer. */
  goOnAlone?: () => void
  /** Absent where the client waits in silence, as long as one of its era can be held. */
  wait?: Wait
}>

/** How a client waits for people to decide about its call. */
export type Wait = Readonly<{
  /** A person has been asked; disposed of as soon as the approval changes. */
  pending: (status: ApprovalStatus) => Disposable | undefined
  /** Present where it waits until people have decided, or this aborts. */
  until?: AbortSignal
  /** The approval that it waited for before. */
  approvalId?: string
}>
