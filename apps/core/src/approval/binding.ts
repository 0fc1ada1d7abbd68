import { hmacSha256, sha256Hex } from '../crypto/digest.ts'
import { randomBytes } from '../crypto/random.ts'
import { canonicalJson } from '../ground/canonical-json.ts'
import { CoreError } from '../ground/errors.ts'
import type { Call } from '../model/call.ts'
import type { ApprovalTerms, RuleHit } from '../model/decision.ts'
import type { Principal } from '../model/principal.ts'

/** What a call would meet if it ran now. Any change voids an approval. */
export type Target = Readonly<{
  /** SHA-256 of the server's definition. */
  serverHash: string
  /** Of the catalogue entry; absent for methods that have none. */
  pin?: string | undefined
  /** Which credentials would be used, and their version. */
  connection?: string | undefined
}>

/** Everything that a vote is for (APR-10). */
export type Bound = Readonly<{
  approvalId: string
  revision: number
  principal: PrincipalChain
  call: Pick<Call, 'workspaceId' | 'method' | 'name'> &
    Readonly<{ server: Readonly<{ id: string }> }>
  target: Target
  argsCommitment: string
  policyVersion: number
  matched: readonly RuleHit[]
  terms: ApprovalTerms
}>

/** For whom, through what, with which credential. */
export type PrincipalChain = Readonly<{
  userId?: string | undefined
  agentId: string
  ownerId: string
  tokenId: string
}>

export const chainOf = ({ user, agent, tokenId }: Principal): PrincipalChain => ({
  userId: user?.id,
  agentId: agent.id,
  ownerId: agent.ownerId,
  tokenId,
})

/**
 * Equal for the same intent of the same caller, whatever the order, spacing or spelling of its arguments. Keyed, so
 * that arguments cannot be guessed from it.
 */
export function callKeyFor(key: Uint8Array, principal: Principal, call: Call): string {
  const { userId, agentId, tokenId } = chainOf(principal)
  const intent = {
    user: userId,
    agent: agentId,
    token: tokenId,
    server: call.server.id,
    method: call.method,
    name: call.name,
    args: shownArguments(call),
  }
  return hmacSha256(key, canonicalJson(intent)).toString('hex')
}

/** The digest that people sign: of exactly this call, by this caller, at this tool, under these rules. */
export function bindOf(bound: Bound): string {
  const { principal, call, target } = bound
  return sha256Hex(
    canonicalJson({
      v: 1,
      approval: bound.approvalId,
      revision: bound.revision,
      workspace: call.workspaceId,
      principal,
      server: { id: call.server.id, hash: target.serverHash },
      method: call.method,
      name: call.name,
      pin: target.pin,
      args: bound.argsCommitment,
      connection: target.connection,
      policy: bound.policyVersion,
      rules: bound.matched.map(({ rule }) => rule),
      obligations: bound.terms,
    }),
  )
}

/**
 * All that a request carries to the server beside its name and `_meta`: what is shown, what is hashed and what is
 * kept are one value, so that nothing runs that nobody saw.
 *
 * @throws CoreError `params_invalid` for a number that would be shown other than it is sent
 */
export function shownArguments({ frame, args }: Call): unknown {
  if (frame.spans.lossyNumber) {
    throw new CoreError('params_invalid', {
      problem: 'A number has more digits than can be shown to the person who approves it.',
    })
  }
  const others = Object.entries(frame.params).filter(([name]) => !KNOWN_PARAMS.has(name))
  return others.length === 0 ? args : { ...Object.fromEntries(others), arguments: args }
}

const KNOWN_PARAMS: ReadonlySet<string> = new Set(['_meta', 'name', 'uri', 'arguments'])

const SALT_BYTES = 16

/** Salt and canonical arguments in one: what is encrypted and kept, and erased together. */
export const argumentsToKeep = (shown: unknown): Buffer =>
  Buffer.concat([randomBytes(SALT_BYTES), Buffer.from(canonicalJson(shown))])

/** Cannot be guessed once salt and arguments are erased (APR-10). */
export const commitmentTo = (kept: Uint8Array): string => sha256Hex(kept)

export const keptArguments = (kept: Uint8Array): unknown =>
  JSON.parse(Buffer.from(kept.subarray(SALT_BYTES)).toString('utf8')) as unknown
