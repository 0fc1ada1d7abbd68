import { auditCommands, auditQueries } from './families/audit.ts'
import type { Operations } from './operation.ts'

/** Every query, by name. Each family declares its own; this file only joins them. */
export const queries = { ...auditQueries } as const satisfies Operations

/** Every command, by name. */
export const commands = { ...auditCommands } as const satisfies Operations

/** The commands `Store.housekeep` takes, each with the reason why it leaves no event. */
export const housekeeping = [
  // Follows the events that it marks as written.
  'audit.markRecovered',
] as const satisfies readonly (keyof typeof commands)[]
