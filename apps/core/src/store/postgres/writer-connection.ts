import type { Client, QueryResult } from 'pg'

import { CoreError } from '../../ground/errors.ts'
import { isLockedOut, isTransactionGone } from '../store-error.ts'
import type { WriterConnection } from '../write-batch.ts'
import { createAdvanceLog } from './advance-log.ts'
import { databaseNowMs } from './database-clock.ts'
import { postgresHandles } from './database.ts'
import type { KeptClient } from './kept-client.ts'

/** Bounds for the transaction alone, since a pooler may give its connection to others afterwards. */
const BEGIN = `begin;
  set local statement_timeout = '10s';
  set local lock_timeout = '5s';
  set local idle_in_transaction_session_timeout = '10s'`

/** Longer than the server's own bound: by then it is not the statement that is slow, nobody is there. */
export const ANSWER_MS_MAX = 15_000
const NO_ANSWER = 'Query read timeout'

/**
 * One connection, one transaction a batch. A batch stays on the client that it began on: when that is lost the batch
 * fails, and none of its statements can run outside a transaction on the next one.
 */
export function postgresWriter(kept: KeptClient): WriterConnection {
  let client: Client | undefined

  async function run(text: string, values?: unknown[]): Promise<QueryResult> {
    if (!client) throw new CoreError('store_unavailable')
    try {
      return await client.query(text, values)
    } catch (error) {
      if (error instanceof Error && error.message === NO_ANSWER) kept.drop()
      throw error
    }
  }
  const exec = async (statement: string): Promise<void> => void (await run(statement))

  return {
    ...postgresHandles(run),
    advanceLog: createAdvanceLog(run),
    async begin() {
      client = kept.client()
      await exec(BEGIN)
      return databaseNowMs(client)
    },
    commit: () => exec('commit'),
    rollback: () => exec('rollback'),
    savepoint: (verb) => exec(`${verb} one_command`),
    isRetryable: isLockedOut,
    isFatal: isTransactionGone,
  }
}
