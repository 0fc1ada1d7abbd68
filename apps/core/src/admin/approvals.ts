import type { RouteResponse } from '@peta/contract'

import type { Approvals } from '../approval/approvals.ts'
import type { Card, CardSummary } from '../approval/card.ts'
import type { Person } from '../model/principal.ts'
import type { AdminCommands } from './command.ts'

export type ApprovalParts = Readonly<{
  approvals: Pick<Approvals, 'list' | 'read' | 'vote' | 'withdraw' | 'revoke' | 'resolve'>
}>

type Names =
  | 'approvals.list'
  | 'approvals.read'
  | 'approvals.vote'
  | 'approvals.revoke'
  | 'approvals.withdraw'
  | 'approvals.resolve'

/** What waits for people, and what they say. An approval goes by its id or by the code people read to each other. */
export function approvalCommands({ approvals }: ApprovalParts): Pick<AdminCommands, Names> {
  return {
    async 'approvals.list'({ person, query: { state, cursor, limit } }) {
      const { items, next } = await approvals.list(person, {
        ...(state !== undefined && { state }),
        ...(cursor !== undefined && { cursor }),
        ...(limit !== undefined && { limit }),
      })
      return { items: items.map(summaryView), ...(next !== undefined && { next }) }
    },

    'approvals.read': async ({ person, params }) =>
      cardView(await approvals.read(person, params.approval)),

    'approvals.vote': async ({ person, params, body }) =>
      cardView(await approvals.vote(person, params.approval, body)),

    'approvals.revoke': async ({ person, params, body }) =>
      cardView(await approvals.revoke(person, params.approval, body)),

    'approvals.withdraw': async ({ person, params }) =>
      cardView(await approvals.withdraw(person, params.approval)),

    'approvals.resolve': async ({ person, params, body }) =>
      cardView(await approvals.resolve(person, params.approval, body)),
  }
}

const COUNTED_MAX = 200

/** How many approvals of a state a person may see, at most 200: enough to say "many". */
export async function countApprovals(
  { list }: Pick<Approvals, 'list'>,
  person: Person,
  state: string,
): Promise<number> {
  return (await list(person, { state, limit: COUNTED_MAX })).items.length
}

const summaryView = (summary: CardSummary) => ({ ...summary })

const cardView = (card: Card): RouteResponse<'approvals.read'> => ({
  ...card,
  rules: [...card.rules],
  labels: [...card.labels],
  votes: card.votes.map((vote) => ({ ...vote })),
})
