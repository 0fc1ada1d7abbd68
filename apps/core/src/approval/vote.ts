import { CoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import { allowed, seenOf, type Advance } from './advance.ts'
import { yesVotes, type Approval } from './approval.ts'
import { approversOf, cardFor, type Card } from './card.ts'
import type { ApprovalDependencies } from './dependencies.ts'
import { eligibilityOf, isQuorum, isRequester, type Contest } from './eligibility.ts'
import { approvalEvent } from './events.ts'
import type { Find } from './find.ts'
import { ifUnchanged, settleOverdue } from './overdue.ts'
import { placeOfComment } from './places.ts'

/** One person's answer to exactly what they were shown. */
export type Ballot = Readonly<{
  vote: 'yes' | 'no'
  /** Digest of what was shown. */
  bind: string
  reason?: string | undefined
  /** Whom the reason is for. */
  reasonFor?: 'agent' | 'people' | undefined
}>

/**
 * Counts a vote, once per person and revision; the same vote again changes nothing (APR-17).
 *
 * @throws CoreError `not_found`, `not_eligible`, `self_approval`, `approval_expired`, `wrong_state`,
 *   `revision_changed`, `reason_required`, `step_up_required`
 */
export type CastVote = (person: Person, reference: string, ballot: Ballot) => Promise<Card>

type VoteDependencies = Pick<
  ApprovalDependencies,
  'store' | 'draft' | 'sealData' | 'openData' | 'directory' | 'hasSteppedUp'
> &
  Readonly<{ find: Find; advance: Advance }>

const REASON_CHARS_MIN = 3
const REASON_CHARS_MAX = 500

export function createVote(needs: VoteDependencies): CastVote {
  const { directory, find, openData } = needs

  return async function vote(person, reference, ballot) {
    for (;;) {
      const approval = await find.byReference(person.workspaceId, reference)
      const people = await directory.people(person.workspaceId)
      const contest = { principal: approval.principal, terms: approval.terms, people }
      assertEligible(person, approval, contest)
      const isCounted = isCast(person, approval, ballot) || (await count(approval, contest))
      if (isCounted) {
        const now = await find.byReference(person.workspaceId, approval.id)
        const card = await cardFor(now, { person, people }, openData)
        if (card) return card
      }
    }

    async function count(approval: Approval, contest: Contest): Promise<boolean> {
      if (await settleOverdue(approval, needs.advance)) return false
      allowed(approval, ballot.vote === 'yes' ? 'approve' : 'deny')
      if (ballot.bind !== approval.bind) throw new CoreError('revision_changed')
      const reason = reasonOf(ballot, approval)
      await assertPresent(needs, person, { approval, ballot })
      return ifUnchanged(() => record(needs, { person, approval, contest, ballot, reason }))
    }
  }
}

/** @throws CoreError `not_found`, `not_eligible`, `self_approval` */
function assertEligible({ userId }: Person, approval: Approval, contest: Contest): void {
  const eligibility = eligibilityOf(userId, contest)
  if (eligibility === 'eligible') return
  throw new CoreError(eligibility, { approvers: approversOf(approval) })
}

/** The same answer to the same thing was counted already; perhaps its reply was lost. */
function isCast({ userId }: Person, approval: Approval, { vote, bind }: Ballot): boolean {
  const cast = approval.votes.find(({ voterId }) => voterId === userId)
  return cast?.vote === vote && bind === approval.bind
}

/** @throws CoreError `reason_required` */
function reasonOf({ vote, reason }: Ballot, { terms }: Approval): string | undefined {
  const text = reason?.trim().toWellFormed()
  const isRequired = vote === 'no' || terms.comment === 'required'
  if (!isRequired && !text) return undefined
  if (!text || text.length < REASON_CHARS_MIN || text.length > REASON_CHARS_MAX) {
    throw new CoreError('reason_required')
  }
  return text
}

/** A no needs no proof: it lets nothing run. @throws CoreError `step_up_required` */
async function assertPresent(
  { hasSteppedUp }: VoteDependencies,
  person: Person,
  { approval, ballot }: Readonly<{ approval: Approval; ballot: Ballot }>,
): Promise<void> {
  const { stepUp } = approval.terms
  if (ballot.vote === 'no' || stepUp === 'none') return
  if (!(await hasSteppedUp(person, stepUp))) throw new CoreError('step_up_required')
}

type Cast = Readonly<{
  person: Person
  approval: Approval
  contest: Contest
  ballot: Ballot
  reason: string | undefined
}>

async function record(needs: VoteDependencies, cast: Cast): Promise<void> {
  const { person, approval, contest, ballot, reason } = cast
  const isSelf = isRequester(person.userId, approval.principal) && ballot.vote === 'yes'
  const end = outcomeOf(cast)
  const comment =
    reason === undefined
      ? null
      : await needs.sealData(placeOfComment(approval, person.userId), Buffer.from(reason))
  const event = approvalEvent(needs.draft, end.record, approval, {
    actorId: person.userId,
    facts: {
      state: end.state,
      vote: ballot.vote,
      bind: ballot.bind,
      votes: yesVotes(approval).length + Number(ballot.vote === 'yes'),
      ...(isSelf && { self_approved: true, alone: contest.people.length === 1 }),
    },
  })
  await needs.store.command(
    'approval.vote',
    {
      seen: seenOf(approval),
      to: end.state,
      executeForMs: approval.terms.executeByMs,
      vote: {
        revision: approval.revision,
        voter_id: person.userId,
        vote: ballot.vote,
        bind: ballot.bind,
        self_approved: Number(isSelf),
        comment,
        audience: ballot.reasonFor ?? 'agent',
        session_id: person.sessionId,
      },
    },
    [event],
  )
}

/** A first no decides; a yes does with those who said so before and still may vote. */
function outcomeOf({ person, approval, contest, ballot }: Cast) {
  if (ballot.vote === 'no') return allowed(approval, 'deny')
  const voters = [person.userId, ...yesVotes(approval).map(({ voterId }) => voterId)]
  return isQuorum(voters, contest)
    ? allowed(approval, 'approve')
    : { state: 'PENDING', record: 'approval.vote_recorded' as const }
}
