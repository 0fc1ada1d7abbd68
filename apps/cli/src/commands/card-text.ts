import type { RouteResponse } from '@peta/contract'

import { facts, oneLine, when } from '../print.ts'

export type Card = RouteResponse<'approvals.read'>

/** An approval as a person reads it before deciding: everything that will run, uncut. */
export const cardText = (card: Card): string =>
  [
    facts([
      ['approval', `${card.code}, ${card.state}`],
      ['decide by', when(card.decideBy)],
      ['agent', card.requester ? `${card.agent}, for ${card.requester}` : card.agent],
      ['wants', `${card.server}: ${card.method} ${card.name}`],
      ['labels', `${card.labels.join(', ') || 'none'}; risk ${card.risk} of 100`],
      ['rules', `${card.rules.join(', ')} (version ${card.policyVersion})`],
      ['votes', votesText(card)],
      ...(card.voidReason ? ([['void', card.voidReason]] as const) : []),
      ['bind', card.bind],
    ]),
    `arguments ${JSON.stringify(card.arguments, undefined, 2)}`,
  ].join('\n')

/** What there is not, when no approval goes by what was given. */
export const absentApproval = (approval: string): string =>
  `approval "${oneLine(approval)}". List them with: peta approvals list --all`

function votesText({ votes, quorum }: Card): string {
  const cast = votes.map(({ by, vote, reason }) => `${by} ${vote}${reason ? ` (${reason})` : ''}`)
  return `${cast.join(', ') || 'none'}; ${quorum} needed`
}
