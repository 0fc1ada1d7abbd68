import type { Operations } from './operation.ts'

/** Every query, by name. Each family declares its own; this file only joins them. */
export const queries = {} as const satisfies Operations

/** Every command, by name. */
export const commands = {} as const satisfies Operations

/** The commands `Store.housekeep` takes. */
export const housekeeping = [] as const satisfies readonly (keyof typeof commands)[]
