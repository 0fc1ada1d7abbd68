import type { ApprovalTerms } from '../model/decision.ts'
import type { Role } from '../model/principal.ts'
import type { PrincipalChain } from './binding.ts'

/** A person who is active in the workspace, as far as voting goes. */
export type Voter = Readonly<{
  userId: string
  email: string
  role: Role
  groups: readonly string[]
}>

/** What a right to vote depends on. */
export type Contest = Readonly<{
  principal: PrincipalChain
  terms: ApprovalTerms
  /** Everyone who is active in the workspace. */
  people: readonly Voter[]
}>

/** Whom a rule means that names nobody: the group of this name, and the roles made for it (APR-15). */
const DEFAULT_GROUP = 'approvers'
const DEFAULT_ROLES: ReadonlySet<Role> = new Set(['owner', 'admin', 'approver'])

export type Eligibility = 'eligible' | 'not_eligible' | 'self_approval'

/** Whether someone may vote. The requester may not, unless the rule, or being alone, says so (APR-16). */
export function eligibilityOf(userId: string, contest: Contest): Eligibility {
  const voter = contest.people.find((person) => person.userId === userId)
  const isApprover = voter && groupsOf(contest.terms).some((group) => isIn(voter, group))
  if (!isApprover) return 'not_eligible'
  return isRequester(userId, contest.principal) && !maySelfApprove(contest)
    ? 'self_approval'
    : 'eligible'
}

/** The person behind the agent, and the person who owns it or answers for it. */
export const isRequester = (userId: string, { userId: user, ownerId }: PrincipalChain): boolean =>
  userId === user || userId === ownerId

/** Four eyes do not apply: by the rule, or because there is nobody else (APR-16). */
export const maySelfApprove = ({ terms, people }: Contest): boolean =>
  terms.self ?? people.length === 1

/** Every group has its quorum, and so many different people agree, each of whom may vote now (APR-15, APR-17). */
export function isQuorum(voterIds: readonly string[], contest: Contest): boolean {
  const { terms, people } = contest
  const voters = people.filter(
    ({ userId }) => voterIds.includes(userId) && eligibilityOf(userId, contest) === 'eligible',
  )
  const quorums = quorumsOf(terms)
  const most = Math.max(terms.quorum, ...quorums.map(({ quorum }) => quorum))
  return (
    voters.length >= most &&
    quorums.every(
      ({ group, quorum }) => voters.filter((voter) => isIn(voter, group)).length >= quorum,
    )
  )
}

/** Whether a yes can come about at all. If not, asking would only make someone wait (APR-3). */
export const canBeDecided = (contest: Contest): boolean =>
  isQuorum(
    contest.people.map(({ userId }) => userId),
    contest,
  )

/** The names people know them by, for the message to someone who may not vote. */
export const groupsOf = (terms: ApprovalTerms): readonly string[] =>
  quorumsOf(terms).map(({ group }) => group)

const quorumsOf = ({ approvers }: ApprovalTerms): ApprovalTerms['approvers'] =>
  approvers.length > 0 ? approvers : [{ group: DEFAULT_GROUP, quorum: 1 }]

/** An auditor reads and changes nothing, whatever group they are in. */
function isIn({ role, groups }: Voter, group: string): boolean {
  if (role === 'auditor') return false
  return groups.includes(group) || (group === DEFAULT_GROUP && DEFAULT_ROLES.has(role))
}
