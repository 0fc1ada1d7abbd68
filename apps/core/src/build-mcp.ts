import type { Ground } from './build-ground.ts'
import { createSealedText } from './crypto/sealed-text.ts'
import { createGovernedCall } from './gateway/governed-call.ts'
import { createMcp } from './gateway/mcp.ts'
import type { SealPurpose } from './gateway/seal.ts'
import { createMcpEndpoint, type McpEndpoint } from './http/mcp-endpoint.ts'
import { metadataUrl } from './http/well-known.ts'
import type { Stages } from './open-stages.ts'
import type { StageKeys } from './open-vault.ts'

/** Joins the stages for MCP clients. */
export function buildMcp(
  ground: Ground,
  { identity, policy, approvals, runtime, calls }: Stages,
  keys: StageKeys,
): (publicUrl: () => string) => McpEndpoint {
  const mcp = createMcp({
    ...ground,
    ...createSealedText<SealPurpose>(keys.sealedText),
    catalogue: runtime.catalogue,
    isListed: policy.isListed,
    policyVersion: policy.version,
    readsArguments: policy.readsArguments,
    governedCall: createGovernedCall(calls),
  })
  /** A mark that is lost only lets the result be shown once more. */
  const delivered = (workspaceId: string, approvalId: string): Promise<void> =>
    approvals
      .delivered(workspaceId, approvalId)
      .catch((error: unknown) => ground.log.warn({ err: error }, 'delivery not marked'))

  return (publicUrl) =>
    createMcpEndpoint({
      mcp,
      identify: (authorization) => identity.identify(authorization, 'mcp'),
      refuseInUrl: identity.refuseInUrl,
      resourceMetadataUrl: () => metadataUrl(publicUrl()),
      onDelivered: ({ workspaceId }, approvalId) => void delivered(workspaceId, approvalId),
      clock: ground.clock,
    })
}
