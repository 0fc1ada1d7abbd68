import { createApprovals, type Approvals } from './approval/approvals.ts'
import type { Voter } from './approval/eligibility.ts'
import type { Identity } from './identity/identity.ts'
import { tokenState } from './identity/records.ts'
import type { Call } from './model/call.ts'
import type { Person, Principal } from './model/principal.ts'
import type { StageSources } from './open-stages.ts'
import type { Policy } from './policy/policy.ts'
import type { Runtime } from './runtime/runtime.ts'

type Around = Readonly<{ identity: Identity; policy: Policy; runtime: Runtime }>

/** How lately somebody has to have signed in for a decision that asks for presence (APR-21). */
const PRESENCE_MS = 5 * 60_000

/** Gives the approval stage its view of the others: who may vote, what the rules say now, what a call would meet. */
export function openApprovals(
  sources: StageSources,
  { identity, policy, runtime }: Around,
): Approvals {
  const { vault, store, clock } = sources
  return createApprovals({
    ...sources,
    sealData: vault.sealData,
    openData: vault.openData,
    callKeyOf: (workspaceId) => vault.systemKey('approval-call-key', workspaceId),
    directory: {
      people: (workspaceId) => peopleOf(identity, workspaceId),
      isActive: (principal) => isActive(identity, principal, clock.nowMs()),
    },
    redecide: policy.decide,
    targetOf: (call) => targetOf(runtime, call),
    async hasSteppedUp({ workspaceId, sessionId }: Person, tier) {
      if (tier === 'passkey') return false
      const session = await store.query('identity.session', { workspaceId, id: sessionId })
      return session !== undefined && clock.nowMs() - session.created_at <= PRESENCE_MS
    },
  })
}

function peopleOf({ directory }: Identity, workspaceId: string): readonly Voter[] {
  const workspace = directory.workspace(workspaceId)
  return workspace
    .users()
    .filter(({ status }) => status === 'active')
    .map(({ id, email, role }) => ({ userId: id, email, role, groups: workspace.groupsOf(id) }))
}

/**
 * The agent and the person behind it, and the token that the call came with: that may have ended by itself while people
 * took their time, but what was revoked or replaced does nothing any more.
 */
function isActive(
  { directory }: Identity,
  { workspaceId, agent, user, tokenId }: Principal,
  nowMs: number,
): boolean {
  const workspace = directory.workspace(workspaceId)
  const token = directory.token(tokenId)
  if (!token || tokenState(token, nowMs) === 'revoked') return false
  const isAgentActive = workspace.agent(agent.id)?.status === 'active'
  return isAgentActive && (user === undefined || workspace.user(user.id)?.status === 'active')
}

/** Nothing when the tool is out of use or its server disabled: the approval is then void. */
function targetOf(runtime: Runtime, call: Call) {
  const definition = runtime.server(call.workspaceId, call.server.id)
  if (!definition?.enabled) return undefined
  if (!call.item) return { serverHash: definition.hash }
  const { kind, name } = call.item
  const current = runtime
    .catalogue(call.workspaceId)
    .entries.find(
      ({ item }) => item.serverId === call.server.id && item.kind === kind && item.name === name,
    )
  if (current?.item.state !== 'accepted') return undefined
  return { serverHash: definition.hash, pin: current.item.pin }
}
