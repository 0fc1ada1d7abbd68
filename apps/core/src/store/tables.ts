import type { AuditTables } from './families/audit.ts'

/** Every table, for Kysely. Each family declares its own; this file only joins them. */
export type Tables = AuditTables
