import type { Client, Notification } from 'pg'

import type { Log } from '../../ground/log.ts'
import type { HintHub } from '../hints.ts'
import type { HintTopic } from '../store.ts'
import { clientConfig } from './client-config.ts'
import { openKeptClient } from './kept-client.ts'
import type { Secret } from '../../ground/secret.ts'

/** Tells other replicas which topics changed. */
export type SharedHints = AsyncDisposable &
  Readonly<{ send: (topics: ReadonlySet<HintTopic>) => void }>

const CHANNEL = 'peta_hint'
const topicNames: readonly HintTopic[] = [
  'approval',
  'policy',
  'identity',
  'profile',
  'server',
  'vault',
  'event',
]

/**
 * NOTIFY on a connection of its own, after commit: inside the transaction it would make all commits wait for each other
 * (STO-43). While one is on its way, topics gather for the next.
 */
export async function openSharedHints(
  directUrl: Secret<string>,
  hints: Pick<HintHub, 'wake'>,
  log: Log,
): Promise<SharedHints> {
  const kept = await openKeptClient({
    config: clientConfig(directUrl),
    log,
    // Without hints everyone still asks each second.
    mayBeAway: true,
    async prepare(client) {
      client.on('notification', (notice) => receive(notice, client))
      await client.query(`listen ${CHANNEL}`)
      // What was said while there was no connection.
      hints.wake(topicNames)
    },
  })
  const gathered = new Set<HintTopic>()
  let isSending = false

  function receive({ processId, payload }: Notification, client: Client): void {
    if (processId === pidOf(client)) return
    const words = (payload ?? '').split(' ')
    hints.wake(topicNames.filter((topic) => words.includes(topic)))
  }

  async function sendGathered(): Promise<void> {
    isSending = true
    while (gathered.size > 0 && kept.isConnected()) {
      const payload = [...gathered].join(' ')
      gathered.clear()
      await kept.client().query('select pg_notify($1, $2)', [CHANNEL, payload])
    }
  }

  return {
    send(topics) {
      for (const topic of topics) gathered.add(topic)
      if (isSending) return
      sendGathered()
        .catch((err: unknown) => log.debug({ err }, 'a hint was lost'))
        .finally(() => void (isSending = false))
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  }
}

/** Its own messages come back to a connection too. The driver knows the number but does not declare it. */
const pidOf = (client: Client): unknown => ('processID' in client ? client.processID : undefined)
