import type { Kysely } from 'kysely'
import type { z } from 'zod'

import { CoreError } from '../ground/errors.ts'
import type { Tables } from './tables.ts'

export type Db = Kysely<Tables>

/**
 * What an operation knows besides its arguments. `nowMs` is the one clock of the engine: the injected clock on
 * SQLite, the database's own on PostgreSQL (STO-37). The two are never compared.
 */
export type OperationContext = Readonly<{ nowMs: number }>

/**
 * One named, typed statement or group of statements. Arguments and results are plain data, since on SQLite they
 * cross to a worker thread; arguments are checked there by `args`.
 */
export type Operation<A, R> = Readonly<{
  args: z.ZodType<A>
  run: (db: Db, args: A, context: OperationContext) => Promise<R>
}>

/** Reads only. Runs on a reader, outside any transaction of ours unless it asks for one. */
export const query = <A, R>(
  args: z.ZodType<A>,
  run: (db: Db, args: A, context: OperationContext) => Promise<R>,
): Operation<A, R> => ({ args, run })

/**
 * Changes state, inside a savepoint of the writer's current transaction; it waits for nothing but the database.
 * Read-modify-write is compare-and-set: zero rows is `conflict` (STO-26), or an outcome the result type names.
 */
export const command = <A, R>(
  args: z.ZodType<A>,
  run: (db: Db, args: A, context: OperationContext) => Promise<R>,
): Operation<A, R> => ({ args, run })

// oxlint-disable-next-line typescript/no-explicit-any -- a registry holds operations of every shape
type AnyOperation = Operation<any, any>
export type Operations = Readonly<Record<string, AnyOperation>>
export type ArgsOf<O> = O extends Operation<infer A, infer _R> ? A : never
export type ResultOf<O> = O extends Operation<infer _A, infer R> ? R : never

/**
 * Checks the arguments, then runs. A registry has lost the tie between a name and its types; the signatures of `Store`
 * keep it.
 *
 * @throws CoreError `invalid_request` when the arguments do not fit, which is a defect of the caller
 */
export async function runOperation(
  operation: AnyOperation,
  db: Db,
  args: unknown,
  context: OperationContext,
): Promise<unknown> {
  const parsed = operation.args.safeParse(args)
  if (!parsed.success) {
    throw new CoreError('invalid_request', { problem: 'store arguments' }, { cause: parsed.error })
  }
  return operation.run(db, parsed.data, context)
}
