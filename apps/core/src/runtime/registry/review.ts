import { CoreError } from '../../ground/errors.ts'
import type { Person } from '../../model/principal.ts'
import type { ReviewedKind, ServerDefinition } from '../../model/server.ts'
import type { Store } from '../../store/store.ts'
import type { Draft } from './draft.ts'
import { find } from './install.ts'
import { assertHolds } from './permission.ts'
import type { CatalogueRow, Registry } from './registry.ts'

/** An entry as a person saw it; with its pin, a change since then refuses the verdict. */
export type ItemRef = Readonly<{ kind: ReviewedKind; name: string; pin?: string | undefined }>

export type Acceptance = Readonly<{
  /** `all` is every entry that waits for a review. */
  items: 'all' | readonly ItemRef[]
  labels: readonly string[]
  risk?: number | undefined
}>

/** A person's verdict on what a server offers. Nothing else brings an entry into use (POL-46). */
export type Reviewer = Readonly<{
  /** Tells how many entries changed. @throws CoreError `forbidden`, `not_found`, `conflict`, `definition_changed` */
  accept: (person: Person, serverId: string, acceptance: Acceptance) => Promise<number>
  reject: (person: Person, serverId: string, items: readonly ItemRef[]) => Promise<number>
}>

export type ReviewerParts = Readonly<{
  store: Pick<Store, 'command'>
  registry: Pick<Registry, 'load'>
  draft: Draft
}>

/** Where nobody stated a risk: what the labels allow in the worst case (POL-49). */
const RISK_BY_LABEL = [
  ['destructive', 80],
  ['write', 50],
  ['read', 20],
] as const
const RISK_UNLABELLED = 50
const NAMES_RECORDED_MAX = 200

type Verdict = Readonly<{
  verdict: 'accepted' | 'rejected'
  labels: readonly string[]
  risk: number
}>

export function createReviewer({ store, registry, draft }: ReviewerParts): Reviewer {
  async function review(
    person: Person,
    serverId: string,
    items: Acceptance['items'],
    given: Verdict,
  ): Promise<number> {
    assertHolds(person, 'server.write')
    const { workspaceId, userId } = person
    const { definition } = await find(registry, workspaceId, serverId)
    const { rows } = await registry.load(workspaceId)
    const chosen = choose(
      rows.filter(({ item }) => item.serverId === serverId),
      items,
    )
    if (chosen.length === 0) return 0
    const event = draft(reviewEvent(person, definition, chosen, given))
    await store.command(
      'catalogue.review',
      {
        workspaceId,
        serverId,
        ...given,
        labels: [...given.labels],
        reviewedBy: userId,
        items: chosen.map(({ item, nameKey, revision }) => ({
          kind: item.kind,
          nameKey,
          revision,
        })),
      },
      [event],
    )
    await registry.load(workspaceId)
    return chosen.length
  }

  return {
    accept(person, serverId, { items, labels, risk }) {
      return review(person, serverId, items, {
        verdict: 'accepted',
        labels,
        risk: risk ?? riskOf(labels),
      })
    },
    reject(person, serverId, items) {
      return review(person, serverId, items, { verdict: 'rejected', labels: [], risk: 0 })
    },
  }
}

function choose(
  rows: readonly CatalogueRow[],
  items: Acceptance['items'],
): readonly CatalogueRow[] {
  if (items === 'all') {
    return rows.filter(({ item }) => item.state === 'quarantined' || item.state === 'changed')
  }
  return items.map(({ kind, name, pin }) => {
    const row = rows.find(({ item }) => item.kind === kind && item.name === name)
    if (!row) throw new CoreError('not_found')
    if (pin !== undefined && pin !== row.item.pin) throw new CoreError('definition_changed')
    return row
  })
}

const riskOf = (labels: readonly string[]): number =>
  RISK_BY_LABEL.find(([label]) => labels.includes(label))?.[1] ?? RISK_UNLABELLED

// oxlint-disable-next-line max-params -- private, and each is another thing
const reviewEvent = (
  { workspaceId, userId }: Person,
  { id, slug, hash }: ServerDefinition,
  chosen: readonly CatalogueRow[],
  { verdict, labels, risk }: Verdict,
): Parameters<Draft>[0] => ({
  type: verdict === 'accepted' ? 'tool.accepted' : 'tool.rejected',
  workspaceId,
  actorId: userId,
  target: slug,
  fields: {
    server: { id, alias: slug, hash },
    labels,
    risk,
    count: chosen.length,
    items: chosen.slice(0, NAMES_RECORDED_MAX).map(({ item }) => pinned(item)),
  },
})

const pinned = ({ kind, name, pin }: CatalogueRow['item']) => ({ kind, name, pin })
