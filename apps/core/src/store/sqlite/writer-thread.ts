import { statSync } from 'node:fs'
import { setTimeout as pauseMs } from 'node:timers/promises'
import type { MessagePort } from 'node:worker_threads'

import type { LogAppender } from '../appender.ts'
import { storeError, toErrorMessage } from '../store-error.ts'
import { unpackRequest, type WriteReply } from '../write-request.ts'
import { createWriter } from '../writer.ts'
import { openSqlite, type SqliteConnection } from './database.ts'
import { migrateSqlite } from './migrate-sqlite.ts'
import type { FromWriter, ThreadStart, ToWriter } from './thread-messages.ts'
import { sqliteWriter } from './writer-connection.ts'

const WAL_BYTES_MAX = 64 * 1024 * 1024
const LOOK_MS = 60_000
const CHECKPOINT_EVERY_LOOKS = 60

/** The thread that owns the only connection that writes (STO-30). It ends when it is told to close. */
export function runWriterThread(
  port: MessagePort,
  { path, appVersion, nowMs }: ThreadStart,
  appender: LogAppender,
): void {
  const post = (message: FromWriter): void => port.postMessage(message)
  let receive: (message: ToWriter) => void = () => port.close()

  async function open(): Promise<void> {
    try {
      const connection = openSqlite(path)
      const migrated = await migrateSqlite(connection, { path, appVersion, nowMs })
      receive = serve(port, connection, { appender, post, walPath: `${path}-wal` })
      post({ kind: 'opened', migrated })
    } catch (error) {
      post({ kind: 'failed', error: toErrorMessage(storeError(error)) })
    }
  }

  port.on('message', (message: ToWriter) => {
    if (message.kind === 'open') void open()
    else receive(message)
  })
}

type Serving = Readonly<{
  appender: LogAppender
  post: (message: FromWriter) => void
  walPath: string
}>

function serve(
  port: MessagePort,
  connection: SqliteConnection,
  { appender, post, walPath }: Serving,
): (message: ToWriter) => void {
  const writer = createWriter({
    connection: sqliteWriter(connection),
    appender,
    reply: (replies) => post(toMessage(replies)),
    monotonicUs: () => performance.now() * 1000,
    pause: (ms) => pauseMs(ms),
  })
  const checkpoints = keepWalShort(connection, walPath)

  async function close(): Promise<void> {
    await writer.quiet()
    clearInterval(checkpoints)
    connection.raw.exec('pragma wal_checkpoint(truncate)')
    connection[Symbol.dispose]()
    port.close()
  }

  return function receive(message) {
    if (message.kind === 'write') writer.push(message.requests.map(unpackRequest))
    else if (message.kind === 'arm') appender.arm(message.config)
    else void close()
  }
}

/** SQLite itself checkpoints every thousand pages but never gives the file's room back (STO-4). */
function keepWalShort({ raw }: SqliteConnection, walPath: string): NodeJS.Timeout {
  let looks = 0
  return setInterval(() => {
    looks += 1
    const walBytes = statSync(walPath, { throwIfNoEntry: false })?.size ?? 0
    const isDue = looks % CHECKPOINT_EVERY_LOOKS === 0 || walBytes > WAL_BYTES_MAX
    if (isDue && !raw.isTransaction) raw.exec('pragma wal_checkpoint(truncate)')
  }, LOOK_MS)
}

function toMessage(replies: readonly WriteReply[]): FromWriter {
  const done: number[] = []
  const results: (readonly [number, unknown])[] = []
  const errors: (readonly [number, ReturnType<typeof toErrorMessage>])[] = []
  for (const reply of replies) {
    if ('error' in reply) errors.push([reply.seq, toErrorMessage(reply.error)])
    else if (reply.result === undefined) done.push(reply.seq)
    else results.push([reply.seq, reply.result])
  }
  return { kind: 'replies', done, results, errors }
}
