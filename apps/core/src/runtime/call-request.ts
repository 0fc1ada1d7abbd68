import { z } from 'zod'

import { limits } from '../ground/limits.ts'
import type { Call } from '../model/call.ts'
import type { Ask } from '../model/question.ts'
import { capabilitiesOf } from '../protocol/client-asks.ts'
import { encodeRequest, type Round } from '../protocol/encode-request.ts'
import { findParamHeaders, paramHeadersOf } from '../protocol/rev-2026-07-28/param-headers.ts'
import type { TraceHop } from '../protocol/trace-context.ts'
import { clientInfo } from './client-identity.ts'
import type { HopRequest } from './correlator.ts'
import type { Greeting } from './handshake.ts'
import type { Relay } from './relay.ts'

/** What a call has in common with all that is sent for it on one connection. */
export type Hop = Readonly<{
  greeting: Greeting
  trace: TraceHop
  relay: Relay
  /** Mirrored to a modern server with every request: never more than the client offered (MCP-55). */
  asks: readonly Ask[]
}>

/** A client's call as a request of this hop; in a later round, with what the client said to the server's questions. */
export function callRequest(
  { greeting, trace, relay, asks }: Hop,
  call: Call,
  round?: Round,
): HopRequest {
  const { era, protocolVersion } = greeting
  return {
    encode: (hopId) =>
      encodeRequest({
        frame: call.frame,
        era,
        hopId,
        progressToken: hopId,
        protocolVersion,
        clientCapabilities: era === 'modern' ? capabilitiesOf(asks) : undefined,
        clientInfo,
        logLevel: call.logLevel,
        trace,
        ...targetOf(call),
        ...(round && { round }),
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
    relay,
  }
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
