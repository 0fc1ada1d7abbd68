import { isLockedOut, isTransactionGone } from '../store-error.ts'
import type { WriterConnection } from '../write-batch.ts'
import { databaseNowMs } from './database-clock.ts'
import { postgresHandles } from './database.ts'
import type { KeptClient } from './kept-client.ts'

/** Bounds for the transaction alone, since a pooler may give its connection to others afterwards. */
const BEGIN = `begin;
  set local statement_timeout = '10s';
  set local lock_timeout = '5s';
  set local idle_in_transaction_session_timeout = '10s'`

/** One connection, one transaction a batch. When it is lost the batch fails; the next begins on a new one. */
export function postgresWriter(kept: KeptClient): WriterConnection {
  const exec = async (statement: string): Promise<void> => {
    await kept.client().query(statement)
  }
  return {
    ...postgresHandles((text, values) => kept.client().query(text, values)),
    async begin() {
      const client = kept.client()
      await client.query(BEGIN)
      return databaseNowMs(client)
    },
    commit: () => exec('commit'),
    rollback: () => exec('rollback'),
    savepoint: (verb) => exec(`${verb} one_command`),
    isRetryable: isLockedOut,
    isFatal: isTransactionGone,
  }
}
