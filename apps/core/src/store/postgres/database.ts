import {
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import type { QueryResult as DriverResult } from 'pg'

import type { Handles } from '../run-named.ts'
import type { Tables } from '../tables.ts'
import { workspaceGuard } from '../workspace-guard.ts'

/** Runs one statement wherever the caller wants it run: on a client with a transaction, or anywhere in a pool. */
export type Execute = (text: string, values: unknown[]) => Promise<DriverResult>

/** Kysely over a single function. Transactions are the writer's business, so it offers none. */
export function postgresHandles(execute: Execute): Handles {
  const connection: DatabaseConnection = {
    async executeQuery<R>({
      sql,
      parameters,
    }: Readonly<{ sql: string; parameters: readonly unknown[] }>) {
      return toResult<R>(await execute(sql, [...parameters]))
    },
    streamQuery() {
      throw new Error('statements are not streamed')
    },
  }
  const unguarded = new Kysely<Tables>({ dialect: dialectOf(connection) })
  return { db: unguarded.withPlugin(workspaceGuard), unguarded }
}

function toResult<R>({ command, rowCount, rows }: DriverResult): QueryResult<R> {
  const isChange = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE'
  return isChange ? { numAffectedRows: BigInt(rowCount ?? 0), rows } : { rows }
}

const dialectOf = (connection: DatabaseConnection): Dialect => ({
  createDriver: () => driverOf(connection),
  createQueryCompiler: () => new PostgresQueryCompiler(),
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db) => new PostgresIntrospector(db),
})

function driverOf(connection: DatabaseConnection): Driver {
  return {
    init: async () => undefined,
    acquireConnection: async () => connection,
    releaseConnection: async () => undefined,
    beginTransaction: noTransactions,
    commitTransaction: noTransactions,
    rollbackTransaction: noTransactions,
    destroy: async () => undefined,
  }
}

const noTransactions = async (): Promise<void> => {
  throw new Error('a statement cannot begin a transaction; commands run in one')
}
