import { z } from 'zod'

import { randomBytes } from '../crypto/random.ts'
import type { Clock } from '../ground/clock.ts'
import { CoreError } from '../ground/errors.ts'
import { limits } from '../ground/limits.ts'
import type { Call, CallResult, Outlet } from '../model/call.ts'
import { encodeRequest } from '../protocol/encode-request.ts'
import { findParamHeaders, paramHeadersOf } from '../protocol/rev-2026-07-28/param-headers.ts'
import type { ServerFrame } from '../protocol/server-frame.ts'
import type { TraceHop } from '../protocol/trace-context.ts'
import { clientCapabilities, clientInfo } from './client-identity.ts'
import {
  createCorrelator,
  LostRequestError,
  type Correlator,
  type CorrelatorParts,
  type HopRequest,
} from './correlator.ts'
import { greet, modernParams, type Greeting, type HandshakeTerms } from './handshake.ts'
import type { WireEnd } from './launch/wire.ts'
import { createRelay } from './relay.ts'

/** One greeted server, whatever it runs in: process and remote endpoint look alike from here on (RUN-3). */
export type Connection = Readonly<{
  greeting: Greeting
  /**
   * Sends one call and waits for its whole answer.
   *
   * @throws CoreError `server_busy`, `server_unavailable` (not sent), `call_timed_out`, `outcome_unknown`,
   *   `server_misbehaves`, `result_too_large`
   */
  forward: (call: Call, outlet: Outlet, signal: AbortSignal) => Promise<CallResult>
  /** A request of Peta's own: lists and pings. */
  ask: (method: string, params: object, waitMs: number, signal: AbortSignal) => Promise<ServerFrame>
  stop: () => Promise<void>
  kill: () => Promise<void>
  ended: Promise<WireEnd>
}>

type Started = Readonly<{ wire: Correlator; greeting: Greeting; clock: Clock; trace: TraceHop }>

const SPAN_ID_BYTES = 8
const newSpanId = (): string => randomBytes(SPAN_ID_BYTES).toString('hex')

/**
 * Opens the wire and greets the server; a server that cannot be greeted is killed again.
 *
 * @throws CoreError `server_unavailable`, `server_misbehaves`
 */
export async function openConnection(
  parts: CorrelatorParts,
  terms: HandshakeTerms & Pick<TraceHop, 'relaysBaggage'>,
  signal: AbortSignal,
): Promise<Connection> {
  const wire = createCorrelator(parts)
  try {
    const greeting = await greet(wire, terms, signal)
    const { relaysBaggage } = terms
    const started = { wire, greeting, clock: parts.clock, trace: { newSpanId, relaysBaggage } }
    return {
      greeting,
      forward: (call, outlet, callSignal) => forward(started, call, outlet, callSignal),
      ask: (method, params, waitMs, askSignal) =>
        exchange(wire, ownRequest(greeting, method, params, waitMs), askSignal),
      stop: wire.stop,
      kill: wire.kill,
      ended: wire.ended,
    }
  } catch (error) {
    await wire.kill()
    throw publicError(error)
  }
}

async function exchange(
  wire: Correlator,
  request: HopRequest,
  signal: AbortSignal,
): Promise<ServerFrame> {
  try {
    return await wire.exchange(request, signal)
  } catch (error) {
    throw publicError(error)
  }
}

/** What an HTTP status said about the era matters to the handshake only. */
const publicError = (error: unknown): unknown =>
  error instanceof LostRequestError ? error.lost.error : error

async function forward(
  { wire, greeting, clock, trace }: Started,
  call: Call,
  outlet: Outlet,
  signal: AbortSignal,
): Promise<CallResult> {
  const { era, protocolVersion } = greeting
  const target = targetOf(call)
  const frame = await exchange(
    wire,
    {
      encode: (hopId) =>
        encodeRequest({
          frame: call.frame,
          era,
          hopId,
          progressToken: hopId,
          protocolVersion,
          clientCapabilities,
          clientInfo,
          logLevel: call.logLevel,
          trace,
          ...target,
        }),
      target: {
        method: call.method,
        era,
        protocolVersion,
        name: call.name,
        ...(era === 'modern' && { paramHeaders: repeatedArguments(call) }),
      },
      idleMs: limits.callIdleMs,
      absoluteMs: limits.callAbsoluteMs,
      isCancellable: true,
      relay: createRelay(call.frame, outlet, clock),
    },
    signal,
  )
  assertRelayable(frame, call.server.slug)
  return { bytes: frame.bytes, serverEra: era, isError: frame.isError }
}

/** Arguments that stand in headers too, by the server's own schema, whatever the client sent (MCP-54). */
function repeatedArguments({ item, args }: Call): ReturnType<typeof paramHeadersOf> {
  // Few tools annotate anything; the others' definitions need no parsing.
  if (item?.kind !== 'tool' || !item.definition.includes('"x-mcp-header"')) return []
  const { inputSchema } = Definition.parse(JSON.parse(item.definition))
  return paramHeadersOf(findParamHeaders(inputSchema), args)
}

const Definition = z.looseObject({ inputSchema: z.unknown() })

/** Which member of the params names the target in this method; the other is none of ours to rewrite. */
function targetOf({ action, name, item }: Call): Readonly<{ name?: string; uri?: string }> {
  switch (action) {
    case 'tool.call':
    case 'prompt.get':
      return { name }
    case 'resource.read':
      return { uri: name }
    case 'completion.get':
      // By what was found and judged: a reference may have both members.
      return item?.kind === 'prompt' ? { name } : { uri: name }
    case 'client.sample':
    case 'client.elicit':
    case 'client.roots':
    case 'rpc.other':
      return {}
  }
}

/** Header mismatch and unsupported version are Peta's fault or a changed server; no client can act on them (MCP-83). */
function assertRelayable({ code }: ServerFrame, server: string): void {
  if (code === -32020 || code === -32022) throw new CoreError('server_misbehaves', { server, code })
}

function ownRequest(
  { era, protocolVersion }: Greeting,
  method: string,
  params: object,
  waitMs: number,
): HopRequest {
  const sent = era === 'modern' ? modernParams(params) : params
  return {
    encode: (id) => Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params: sent })),
    target: { method, era, protocolVersion },
    idleMs: waitMs,
    absoluteMs: waitMs,
    isCancellable: true,
  }
}
