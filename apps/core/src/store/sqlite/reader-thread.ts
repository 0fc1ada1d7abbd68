import type { MessagePort } from 'node:worker_threads'

import { runQuery } from '../run-named.ts'
import { storeError, toErrorMessage } from '../store-error.ts'
import { openSqlite, type SqliteConnection } from './database.ts'
import type { FromReader, Read, ThreadStart, ToReader } from './thread-messages.ts'

type Rows = Extract<FromReader, { kind: 'rows' }>

/** A thread with a read-only connection, so that the main thread never touches the file. */
export function runReaderThread(port: MessagePort, { path }: ThreadStart): void {
  const post = (message: FromReader): void => port.postMessage(message)
  let connection: SqliteConnection | undefined

  function open(): void {
    try {
      connection = openSqlite(path, { readOnly: true })
      post({ kind: 'opened', migrated: [] })
    } catch (error) {
      post({ kind: 'failed', error: toErrorMessage(storeError(error)) })
    }
  }

  port.on('message', (message: ToReader) => {
    if (message.kind === 'open') return open()
    if (message.kind === 'read' && connection) {
      return void readAll(connection, message.reads).then(post)
    }
    connection?.[Symbol.dispose]()
    port.close()
  })
}

async function readAll(connection: SqliteConnection, reads: readonly Read[]): Promise<Rows> {
  const results: Rows['results'][number][] = []
  const errors: Rows['errors'][number][] = []
  for (const [seq, name, args, nowMs] of reads) {
    try {
      const result = await runQuery(connection, { name, args, nowMs })
      results.push([seq, result])
    } catch (error) {
      errors.push([seq, toErrorMessage(storeError(error))])
    }
  }
  return { kind: 'rows', results, errors }
}
