import type { Person } from '../model/principal.ts'
import { sightOf, type Sight } from './access.ts'
import type { Approval, Summary, Vote } from './approval.ts'
import { keptArguments } from './binding.ts'
import type { Box } from './dependencies.ts'
import { groupsOf, type Voter } from './eligibility.ts'
import { isOverdue } from './machine.ts'
import { placeOfArguments, placeOfComment } from './places.ts'

/** One line of a list: never arguments. */
export type CardSummary = Readonly<{
  id: string
  code: string
  state: string
  revision: number
  agent: string
  requester?: string
  server: string
  method: string
  name: string
  createdAt: number
  decideBy: number
  executeBy?: number
}>

/** What a person decides on: everything that will run, uncut. */
export type Card = CardSummary &
  Readonly<{
    bind: string
    /** `null` for who may not see them. */
    arguments: unknown
    rules: readonly string[]
    policyVersion: number
    risk: number
    labels: readonly string[]
    quorum: number
    votes: readonly CardVote[]
    voidReason?: string
  }>

export type CardVote = Readonly<{
  by: string
  vote: 'yes' | 'no'
  at: number
  selfApproved: boolean
  reason?: string
}>

/** Who looks, and who is there to be named. */
export type Viewer = Readonly<{ person: Person; people: readonly Voter[] }>

export const summaryCard = (
  approval: Summary,
  people: readonly Voter[],
  nowMs: number,
): CardSummary => {
  const { userId, ownerId } = approval.principal
  const requester = people.find((person) => person.userId === (userId ?? ownerId))
  return {
    id: approval.id,
    code: approval.code,
    // An overdue one counts as expired before a sweep has said so (APR-3).
    state:
      isOverdue(approval, nowMs) && approval.sentFence === undefined ? 'EXPIRED' : approval.state,
    revision: approval.revision,
    agent: approval.agentName,
    ...(requester && { requester: requester.email }),
    server: approval.server.slug,
    method: approval.method,
    name: approval.name,
    createdAt: approval.createdAtMs,
    decideBy: approval.decideByMs,
    ...(approval.executeByMs !== undefined && { executeBy: approval.executeByMs }),
  }
}

/** The card of an approval for one viewer; nothing for someone it does not concern. */
export async function cardFor(
  approval: Approval,
  { person, people }: Viewer,
  openData: Box['openData'],
): Promise<Card | undefined> {
  const sight = sightOf(person, approval, people)
  if (sight === 'nothing') return undefined
  const quorums = approval.terms.approvers.map(({ quorum }) => quorum)
  return {
    ...summaryCard(approval, people, approval.nowMs),
    bind: approval.bind,
    arguments: await argumentsFor(sight, approval, openData),
    rules: sight === 'own' ? [] : approval.matched.map(({ rule }) => rule),
    policyVersion: approval.policyVersion,
    risk: approval.risk,
    labels: approval.labels,
    quorum: Math.max(approval.terms.quorum, ...quorums),
    votes: await Promise.all(
      approval.votes.map((vote) => voteFor({ sight, approval, people, openData }, vote)),
    ),
    ...(approval.voidReason !== undefined && { voidReason: approval.voidReason }),
  }
}

async function argumentsFor(
  sight: Sight,
  approval: Approval,
  openData: Box['openData'],
): Promise<unknown> {
  if (sight === 'metadata') return null
  return keptArguments(await openData(placeOfArguments(approval), approval.sealedArgs))
}

type VoteView = Readonly<{
  sight: Sight
  approval: Approval
  people: readonly Voter[]
  openData: Box['openData']
}>

/** The requester is told who decided, and why a no is a no; comments on a yes stay among approvers. */
async function voteFor(
  { sight, approval, people, openData }: VoteView,
  { voterId, vote, votedAtMs, isSelfApproved, sealedComment }: Vote,
): Promise<CardVote> {
  const isCommentSeen = sight === 'all' || (sight === 'own' && vote === 'no')
  const reason =
    sealedComment && isCommentSeen
      ? Buffer.from(await openData(placeOfComment(approval, voterId), sealedComment)).toString()
      : undefined
  return {
    by: people.find((person) => person.userId === voterId)?.email ?? voterId,
    vote,
    at: votedAtMs,
    selfApproved: isSelfApproved,
    ...(reason !== undefined && { reason }),
  }
}

/** For the message to someone who may not vote. */
export const approversOf = ({ terms }: Summary): string => groupsOf(terms).join(', ')
