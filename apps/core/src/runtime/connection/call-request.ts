import { z } from 'zod'

import { limits } from '../../ground/limits.ts'
import type { Call } from '../../model/call.ts'
import type { Ask } from '../../model/question.ts'
import { showsAppsCapability } from '../../protocol/apps.ts'
import { capabilitiesOf } from '../../protocol/client-asks.ts'
import { metaKeys } from '../../protocol/meta-keys.ts'
import { encodeRequest, type Round } from '../../protocol/encode-request.ts'
import { findParamHeaders, paramHeadersOf } from '../../protocol/rev-2026-07-28/param-headers.ts'
import { tasksCapability } from '../../protocol/rev-2026-07-28/tasks.ts'
import type { TraceHop } from '../../protocol/trace-context.ts'
import { clientInfo } from './client-identity.ts'
import type { HopRequest } from './pending-requests.ts'
import type { Greeting } from './handshake.ts'
import { isTaskOnly } from './legacy-task.ts'
import type { Relay } from './relay.ts'

/** What a call has in common with all that is sent for it on one connection. */
export type Hop = Readonly<{
  greeting: Greeting
  trace: TraceHop
  relay: Relay
  /** Mirrored to a modern server with every request: never more than the client offered (MCP-55). */
  asks: readonly Ask[]
  /** Whether its client takes a task for an answer. */
  takesTasks: boolean
}>

/** A client's call as a request of this hop; in a later round, with what the client said to the server's questions. */
export function callRequest(hop: Hop, call: Call, round?: Round): HopRequest {
  const { trace, relay, takesTasks } = hop
  const { era, protocolVersion } = hop.greeting
  return {
    encode: (hopId) =>
      encodeRequest({
        frame: call.frame,
        era,
        hopId,
        progressToken: hopId,
        protocolVersion,
        clientCapabilities: era === 'modern' ? declaredOf(hop, call) : undefined,
        clientInfo,
        logLevel: call.logLevel,
        trace,
        ...targetOf(call),
        ...(round && { round }),
        asTask: isTaskOnly(hop.greeting, call),
      }),
    target: {
      method: call.method,
      era,
      protocolVersion,
      name: call.name,
      ...(era === 'modern' && { paramHeaders: repeatedArguments(call) }),
    },
    idleMs: takesTasks ? limits.taskIdleMs : limits.callIdleMs,
    absoluteMs: takesTasks ? limits.taskCallMs : limits.callAbsoluteMs,
    isCancellable: true,
    relay,
  }
}

/** What a client declared, as far as Peta carries it (MCP-55). */
function declaredOf(
  { asks, takesTasks }: Pick<Hop, 'asks' | 'takesTasks'>,
  { showsApps = false }: Pick<Call, 'showsApps'> = {},
): object {
  const extensions = {
    ...(takesTasks && tasksCapability.extensions),
    ...(showsApps && showsAppsCapability),
  }
  return { ...capabilitiesOf(asks), ...(Object.keys(extensions).length > 0 && { extensions }) }
}

export type AboutTask = Readonly<{
  method: string
  taskId: string
  /** Further members of the params, as JSON without braces, each after a comma. */
  more?: string
}>

/** A request about a task that a modern server made of a call. */
export function taskRequest(hop: Hop, { method, taskId, more = '' }: AboutTask): HopRequest {
  const { era, protocolVersion } = hop.greeting
  const meta = JSON.stringify({
    [metaKeys.protocolVersion]: protocolVersion,
    [metaKeys.clientInfo]: clientInfo,
    [metaKeys.clientCapabilities]: declaredOf(hop),
  })
  const params = `{"taskId":${JSON.stringify(taskId)}${more},"_meta":${meta}}`
  return {
    encode: (id) =>
      Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`),
    target: { method, era, protocolVersion, name: taskId },
    idleMs: limits.callIdleMs,
    absoluteMs: limits.callIdleMs,
    isCancellable: true,
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
