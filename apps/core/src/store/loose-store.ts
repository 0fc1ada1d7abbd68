import type { AuditDraft } from '../model/audit-event.ts'
import { housekeeping } from './housekeeping.ts'
import type { CommandName, QueryName, Store } from './store.ts'

const leavesNoEvent: ReadonlySet<CommandName> = new Set(housekeeping)

/** A store before names have types: what an engine implements. */
export type LooseStore = Omit<Store, 'query' | 'command' | 'housekeep'> &
  Readonly<{
    query: (name: QueryName, args: unknown) => Promise<unknown>
    command: (
      name: CommandName,
      args: unknown,
      events: readonly AuditDraft[],
      requestId?: string,
    ) => Promise<unknown>
  }>

/** Each name's own operation checked the arguments and made the result, so the types of `Store` hold. */
export function typedStore(loose: LooseStore): Store {
  const store = {
    ...loose,
    async housekeep(name: CommandName, args: unknown) {
      if (!leavesNoEvent.has(name)) throw new TypeError(`${name} has to leave an event`)
      return loose.command(name, args, [])
    },
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return store as Store
}
