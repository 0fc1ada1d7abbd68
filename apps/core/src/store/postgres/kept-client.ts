import { Client, type ClientConfig } from 'pg'

import { CoreError } from '../../ground/errors.ts'
import type { Log } from '../../ground/log.ts'

/** One connection that is made again whenever it is lost, after 0.1 s at first and 5 s at most. */
export type KeptClient = AsyncDisposable &
  Readonly<{
    /** @throws CoreError `store_unavailable` while there is none */
    client: () => Client
    isConnected: () => boolean
    /** Gives the connection up, because it does not answer, and makes another. */
    drop: () => void
  }>

export type KeptClientParts = Readonly<{
  config: ClientConfig
  log: Pick<Log, 'warn'>
  /** Runs on every new connection before anyone gets it. */
  prepare?: (client: Client) => Promise<void>
  /** Whether it may be opened while the server is away, as it may be lost later. */
  mayBeAway?: boolean
}>

const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 5000

/** @throws what kept the first connection from being made, unless it may be away */
export async function openKeptClient(parts: KeptClientParts): Promise<KeptClient> {
  const { log, mayBeAway = false } = parts
  let current: Client | undefined
  let retry: NodeJS.Timeout | undefined
  let retryMs = RETRY_MIN_MS
  let isClosed = false

  async function connect(): Promise<void> {
    const client = await connectClient(parts)
    client.once('end', () => lost(client))
    if (isClosed) return client.end()
    current = client
    retryMs = RETRY_MIN_MS
  }

  function lost(client: Client | undefined): void {
    if (current !== client || isClosed) return
    current = undefined
    reconnectLater()
  }

  function reconnectLater(): void {
    if (isClosed) return
    retry = setTimeout(() => void connect().catch(reconnectLater), retryMs)
    retry.unref()
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
  }

  await connect().catch((err: unknown) => {
    if (!mayBeAway) throw err
    log.warn({ err }, 'a database connection could not be made; it is tried again')
    reconnectLater()
  })
  return {
    client() {
      if (!current) throw new CoreError('store_unavailable')
      return current
    },
    isConnected: () => current !== undefined,
    drop() {
      // Saying good-bye may take as long as the answer that does not come.
      current?.end().catch(() => undefined)
      lost(current)
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      clearTimeout(retry)
      await current?.end()
    },
  }
}

/** A connection that is ready, or none that stays open. */
async function connectClient({ config, log, prepare }: KeptClientParts): Promise<Client> {
  const client = new Client(config)
  // Errors of a connection also end it; without a listener they would end the process.
  client.on('error', (err) => log.warn({ err }, 'a database connection failed'))
  await client.connect()
  try {
    await prepare?.(client)
    return client
  } catch (error) {
    await client.end()
    throw error
  }
}
