import type { Person } from '../model/principal.ts'
import { sightOf } from './access.ts'
import { toSummary } from './approval.ts'
import { summaryCard, type CardSummary } from './card.ts'
import type { ApprovalDependencies } from './dependencies.ts'

export type ListFilter = Readonly<{ state?: string; cursor?: string; limit?: number }>

/** `next` is the id to go on after; absent on the last page. */
export type Page = Readonly<{ items: readonly CardSummary[]; next?: string }>

/** Newest first, only what concerns the person. */
export type List = (person: Person, filter: ListFilter) => Promise<Page>

const PAGE = 50
/** Rows looked at for one page, when most of them are none of the person's business. */
const LOOKED_AT_MAX = 1000

export function createList({
  store,
  directory,
}: Pick<ApprovalDependencies, 'store' | 'directory'>): List {
  return async function list(person, { state, cursor, limit = PAGE }) {
    const people = await directory.people(person.workspaceId)
    const items: CardSummary[] = []
    let before = cursor
    for (let looked = 0; looked < LOOKED_AT_MAX; looked += limit) {
      const { nowMs, rows } = await store.query('approval.list', {
        workspaceId: person.workspaceId,
        limit,
        ...(state !== undefined && { state }),
        ...(before !== undefined && { before }),
      })
      for (const approval of rows.map(toSummary)) {
        before = approval.id
        const card = summaryCard(approval, people, nowMs)
        const isMeant = state === undefined || card.state === state
        if (isMeant && sightOf(person, approval, people) !== 'nothing') items.push(card)
        if (items.length === limit) return { items, next: before }
      }
      if (rows.length < limit) return { items }
    }
    return { items, ...(before !== undefined && { next: before }) }
  }
}
