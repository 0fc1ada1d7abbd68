import { CoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Identity } from '../identity/identity.ts'
import { principalOfAgent } from '../identity/principal.ts'
import type { Call } from '../model/call.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { PolicyCommandParts } from './policy.ts'

type Parts = Readonly<{
  identity: Pick<Identity, 'directory'>
  runtime: Pick<Runtime, 'catalogue'>
  clock: Readonly<{ nowMs: () => number }>
  newId: NewId
}>

/** A call that nobody makes, for asking the rules about it. It has no frame, so nothing could ever send it. */
export function createHypotheticalCall(
  parts: Parts,
): Pick<PolicyCommandParts, 'principalOf' | 'callOf'> {
  return {
    principalOf(workspaceId, agentId) {
      const directory = parts.identity.directory.workspace(workspaceId)
      const principal = principalOfAgent({ workspaceId, agentId, tokenId: '' }, directory)
      if (!principal) throw new CoreError('not_found')
      return principal
    },

    callOf(workspaceId, tool, args): Call {
      const entry = parts.runtime
        .catalogue(workspaceId)
        .entries.find(({ item }) => item.kind === 'tool' && item.exposed === tool)
      if (!entry) throw new CoreError('not_found')
      return {
        id: parts.newId('cal'),
        workspaceId,
        action: 'tool.call',
        method: 'tools/call',
        server: entry.server,
        item: entry.item,
        name: entry.item.name,
        args,
        frame: { bytes: Buffer.alloc(0), method: 'tools/call', params: {}, spans: {} },
        clientEra: 'modern',
        clientIp: '127.0.0.1',
        receivedAtMs: parts.clock.nowMs(),
      }
    },
  }
}
