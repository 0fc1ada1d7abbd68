import type { Ground } from './build-ground.ts'
import { createSealedText } from './crypto/sealed-text.ts'
import { CoreError } from './ground/errors.ts'
import { createGovernedCall } from './gateway/governed-call.ts'
import { createMcp } from './gateway/mcp.ts'
import { approvalTool } from './gateway/waiting/approval-tool.ts'
import { createOwnTools } from './gateway/own-tools.ts'
import { searchTools } from './gateway/search/search-tools.ts'
import { displayId } from './model/display-id.ts'
import type { SealPurpose } from './gateway/seal.ts'
import { approvalUrl } from './http/pages.ts'
import { createMcpEndpoint, type McpEndpoint } from './http/mcp-endpoint.ts'
import { metadataUrl } from './http/well-known.ts'
import { mcpResource } from './identity/resource.ts'
import type { Stages } from './open-stages.ts'
import type { StageKeys } from './open-vault.ts'
import { narrow } from './profile/narrow.ts'

/** Joins the stages for MCP clients. */
export function buildMcp(
  ground: Ground,
  { identity, policy, profiles, approvals, runtime, tasks, calls }: Stages,
  keys: StageKeys,
): (publicUrl: () => string) => McpEndpoint {
  /** A mark that is lost only lets the result be shown once more. */
  const delivered = (workspaceId: string, approvalId: string): Promise<void> =>
    approvals
      .delivered(workspaceId, approvalId)
      .catch((error: unknown) => ground.log.warn({ err: error }, 'delivery not marked'))

  return (publicUrl) => {
    const mcp = createMcp({
      ...ground,
      ...createSealedText<SealPurpose>(keys.sealedText),
      catalogue: runtime.catalogue,
      narrow,
      isListed: policy.isListed,
      policyVersion: policy.confirmedVersion,
      readsArguments: policy.readsArguments,
      governedCall: createGovernedCall(calls),
      ownTools: createOwnTools([...searchTools, approvalTool(approvals)]),
      decide: calls.decide,
      records: tasks,
      approvals,
      approvalUrl: (id) => approvalUrl(publicUrl(), displayId(id)),
      viewerOf({ workspaceId, profile: name, ...asker }) {
        const principal = identity.principal({ workspaceId, ...asker })
        const profile = name === '' ? undefined : profiles.find(workspaceId, name)
        if (!principal || (name !== '' && !profile)) return undefined
        return { principal, ...(profile && { profile }) }
      },
    })
    runtime.onElicited(mcp.elicited)
    return createMcpEndpoint({
      mcp,
      identify(authorization, name) {
        const principal = identity.identify(authorization, mcpResource(name))
        if (name === undefined) return { principal }
        const profile = profiles.find(principal.workspaceId, name)
        if (!profile) throw new CoreError('unauthenticated')
        return { principal, profile }
      },
      refuseInUrl: identity.refuseInUrl,
      resourceMetadataUrl: (profile) => metadataUrl(publicUrl(), profile),
      onDelivered: ({ workspaceId }, approvalId) => void delivered(workspaceId, approvalId),
      clock: ground.clock,
    })
  }
}
