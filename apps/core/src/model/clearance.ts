import type { ApprovalClaim, ApprovalStatus } from './approval.ts'
import type { Call, CallResult } from './call.ts'
import type { Principal } from './principal.ts'
import type { ServerDefinition } from './server.ts'

declare const granted: unique symbol

/** Proof that one call may run. Only `gateway/clear.ts` makes one; the vault asks for it. */
export type CallClearance = Readonly<{
  purpose: 'call'
  principal: Principal
  call: Call
  /** Present when a person approved the call; its fence guards the send. */
  claim?: ApprovalClaim
  [granted]: true
}>

/**
 * Proof that an administrator's recorded act lets Peta connect to a server, to list what it offers. The vault takes
 * it; `run` does not.
 */
export type ConnectClearance = Readonly<{
  purpose: 'connect'
  workspaceId: string
  server: ServerDefinition
  /** Id of the audit event that recorded the act. */
  eventId: string
  [granted]: true
}>

export type Clearance = CallClearance | ConnectClearance

/** A person has to decide first, or has decided against: an outcome, not an error. */
export type NotCleared = Readonly<{ state: 'pending' | 'refused'; status: ApprovalStatus }>

/** The stored answer of an approved call that ran before and whose reply was lost. Nothing runs again (APR-43). */
export type Replayed = Readonly<{ state: 'replayed'; status: ApprovalStatus; result: CallResult }>

declare const armed: unique symbol

/** How a value reaches a server, with the value. Lives only in memory, from inject to the end of the call. */
export type Credential =
  | Readonly<{ target: 'header'; name: string; value: string; hosts: readonly string[] }>
  | Readonly<{ target: 'env'; name: string; value: string }>
  | Readonly<{ target: 'descriptor'; name: string; value: Buffer }>

/**
 * Credentials for one server, opened by the vault. `version` changes whenever any value does, so that prebuilt
 * headers, connections and child processes can be keyed by it; it says nothing about the values.
 */
export type CredentialSet = Readonly<{
  version: string
  credentials: readonly Credential[]
  /** Ids and versions for the audit log. */
  secrets: readonly Readonly<{ id: string; version: number }>[]
  /** Finds the values in anything a server sends back. */
  scrubber: Scrubber
}>

/** Replaces injected values by `[secret:<name>]`, whatever encoding a server gave them (VLT-60..64). */
export type Scrubber = Readonly<{
  /** True when there is nothing to look for, so that callers can relay bytes untouched. */
  isIdle: boolean
  /** One complete JSON text, SSE event or line. Returns the same buffer when nothing was found. */
  scrub: (bytes: Buffer) => Readonly<{ bytes: Buffer; hits: readonly ScrubHit[] }>
  /** For bytes that arrive in pieces: withholds what might be the start of a value until it knows. */
  stream: () => ScrubStream
}>

export type ScrubHit = Readonly<{ secret: string; form: string; count: number }>

export type ScrubStream = Readonly<{
  push: (chunk: Buffer) => Buffer
  end: () => Buffer
  hits: () => readonly ScrubHit[]
}>

/** A cleared call with its credentials filled in. Only the vault makes one, and only `run` takes it. */
export type ArmedCall = Readonly<{
  clearance: CallClearance
  credentials: CredentialSet
  [armed]: true
}>
