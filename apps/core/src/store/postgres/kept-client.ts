import { Client, type ClientConfig } from 'pg'

import { CoreError } from '../../ground/errors.ts'
import type { Log } from '../../ground/log.ts'

/** One connection that is made again whenever it is lost, after 0.1 s at first and 5 s at most. */
export type KeptClient = AsyncDisposable &
  Readonly<{
    /** @throws CoreError `store_unavailable` while there is none */
    client: () => Client
    isConnected: () => boolean
  }>

export type KeptClientParts = Readonly<{
  config: ClientConfig
  log: Pick<Log, 'warn' | 'info'>
  /** Runs on every new connection before anyone gets it. */
  prepare?: (client: Client) => Promise<void>
}>

const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 5000

/** @throws what kept the first connection from being made */
export async function openKeptClient(parts: KeptClientParts): Promise<KeptClient> {
  const { config, log, prepare } = parts
  let current: Client | undefined
  let retry: NodeJS.Timeout | undefined
  let retryMs = RETRY_MIN_MS
  let isClosed = false

  async function connect(): Promise<void> {
    const client = new Client(config)
    // Errors of a connection also end it; without a listener they would end the process.
    client.on('error', (err) => log.warn({ err }, 'a database connection failed'))
    client.once('end', () => lost(client))
    await client.connect()
    await prepare?.(client)
    current = client
    retryMs = RETRY_MIN_MS
  }

  function lost(client: Client): void {
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

  await connect()
  return {
    client() {
      if (!current) throw new CoreError('store_unavailable')
      return current
    },
    isConnected: () => current !== undefined,
    async [Symbol.asyncDispose]() {
      isClosed = true
      clearTimeout(retry)
      await current?.end()
    },
  }
}
