import { setTimeout as pauseMs } from 'node:timers/promises'

import { Client, Pool } from 'pg'

import { CoreError, isCoreError } from '../../ground/errors.ts'
import type { Secret } from '../../ground/secret.ts'
import { createHints } from '../hints.ts'
import { typedStore } from '../loose-store.ts'
import type { OpenStoreOptions } from '../open-store.ts'
import { queries } from '../operations.ts'
import { runQuery } from '../run-named.ts'
import { storeError } from '../store-error.ts'
import type { QueryName, Store } from '../store.ts'
import { createWriteFront } from '../write-front.ts'
import { createWriter } from '../writer.ts'
import { checkServer } from './check-server.ts'
import { clientConfig } from './client-config.ts'
import { databaseNowMs } from './database-clock.ts'
import { postgresHandles } from './database.ts'
import { openKeptClient } from './kept-client.ts'
import { migratePostgres } from './migrate-postgres.ts'
import { openSharedHints } from './shared-hints.ts'
import { whyUnreachable } from './why-unreachable.ts'
import { ANSWER_MS_MAX, postgresWriter } from './writer-connection.ts'

const READERS_MAX = 10
const READ_MS_MAX = 10_000

/** PostgreSQL, shared by replicas: one connection that writes, a pool that reads, one for hints. */
export async function openPostgresStore(
  options: OpenStoreOptions,
  databaseUrl: Secret<string>,
): Promise<Store> {
  await using opening = new AsyncDisposableStack()
  const { log, clock } = options
  const config = { ...clientConfig(databaseUrl), query_timeout: ANSWER_MS_MAX }
  await prepareDatabase(options, databaseUrl)

  const appender = options.createAppender()
  const hints = opening.use(createHints())
  const kept = opening.use(await openKeptClient({ config, log }))
  const shared =
    options.databaseDirectUrl &&
    opening.use(await openSharedHints(options.databaseDirectUrl, hints, log))
  const writer = createWriter({
    connection: postgresWriter(kept),
    appender,
    reply: (replies) => front.settle(replies),
    monotonicUs: clock.monotonicUs,
    pause: (ms) => pauseMs(ms),
  })
  const front = createWriteFront({
    send: writer.push,
    nowMs: clock.nowMs,
    committed(topics) {
      hints.wake(topics)
      shared?.send(topics)
    },
  })
  const read = opening.adopt(openPool(options, databaseUrl), (pool) => pool.end())
  const query = createQuery(read)
  opening.defer(front.quiet)

  const open = opening.move()
  return typedStore({
    engine: 'postgres',
    hints,
    query,
    command: (name, args, events, requestId) =>
      front.command({ name, args, ...(requestId !== undefined && { requestId }) }, events),
    append: front.append,
    arm: async (armed) => appender.arm(armed),
    state: () => (kept.isConnected() ? 'ready' : 'unavailable'),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  })
}

/** Checks the server and brings the schema forward, on a connection that is gone afterwards. */
async function prepareDatabase(
  { clock, version, log }: OpenStoreOptions,
  databaseUrl: Secret<string>,
): Promise<void> {
  const client = new Client(clientConfig(databaseUrl))
  client.on('error', (err) => log.warn({ err }, 'a database connection failed'))
  try {
    await client.connect()
    await checkServer(client)
    const steps = await migratePostgres(client, { appVersion: version, nowMs: clock.nowMs() })
    if (steps.length > 0) log.info({ steps }, 'the database schema moved forward')
  } catch (cause) {
    const error = storeError(cause)
    if (isCoreError(error) && error.code !== 'store_unavailable') throw error
    log.error({ err: cause }, 'the database cannot be reached')
    const problem = whyUnreachable(cause, client)
    throw new CoreError('database_unreachable', { problem }, { cause })
  } finally {
    await client.end()
  }
}

function openPool({ log }: OpenStoreOptions, databaseUrl: Secret<string>): Pool {
  const pool = new Pool({
    ...clientConfig(databaseUrl),
    max: READERS_MAX,
    query_timeout: READ_MS_MAX,
  })
  pool.on('error', (err) => log.warn({ err }, 'an idle database connection failed'))
  return pool
}

/** Reads see the database's own clock, as writes do (STO-37); only those that look at it pay for asking. */
function createQuery(pool: Pool): (name: QueryName, args: unknown) => Promise<unknown> {
  const handles = postgresHandles((text, values) => pool.query(text, values))
  return async function query(name, args) {
    try {
      const nowMs = looksAtClock(name) ? await databaseNowMs(pool) : Number.NaN
      return await runQuery(handles, { name, args, nowMs })
    } catch (error) {
      throw storeError(error)
    }
  }
}

const CONTEXT_PARAMETERS = 3

/** The clock is in the third parameter of an operation. */
const looksAtClock = (name: QueryName): boolean => queries[name].run.length >= CONTEXT_PARAMETERS
