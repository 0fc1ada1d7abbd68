/** Every table, for Kysely. Each family declares its own; this file only joins them. */
// oxlint-disable-next-line typescript/no-empty-object-type -- families are joined here as they are written
export type Tables = {}
