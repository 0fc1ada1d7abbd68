import { exportLog } from '../audit/export.ts'
import type { Draft } from '../audit/event.ts'
import { searchLog } from '../audit/search.ts'
import type { Store } from '../store/store.ts'
import type { AdminCommands } from './command.ts'

export type AuditParts = Readonly<{
  store: Pick<Store, 'query' | 'append'>
  draft: Draft
  deploymentId: string
}>

type Names = 'audit.list' | 'audit.export'

/** Reading the log, which is recorded in it (AUD-50). */
export function auditCommands({
  store,
  draft,
  deploymentId,
}: AuditParts): Pick<AdminCommands, Names> {
  const reading = { query: store.query, append: store.append, draft }
  return {
    async 'audit.list'({ person, query: { from, to, ...filter } }) {
      const range = {
        ...(from !== undefined && { fromMs: from }),
        ...(to !== undefined && { toMs: to }),
      }
      const { items, next } = await searchLog(reading, person, { ...present(filter), ...range })
      const entries = items.map(({ atMs, ...entry }) => ({ ...entry, at: atMs }))
      return { items: entries, ...(next !== undefined && { next }) }
    },

    'audit.export': async ({ person }) => exportLog({ ...reading, deploymentId }, person),
  }
}

/** Members that were not asked for are left out, not undefined. */
function present<T extends object>(filter: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only undefined members are gone
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
