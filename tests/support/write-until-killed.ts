import { createDraft } from '../../apps/core/src/audit/event.ts'
import { createLogAppender } from '../../apps/core/src/audit/log.ts'
import { systemClock } from '../../apps/core/src/ground/clock.ts'
import { createIds } from '../../apps/core/src/ground/ids.ts'
import { createLog } from '../../apps/core/src/ground/log.ts'
import { Secret } from '../../apps/core/src/ground/secret.ts'
import { openStore } from '../../apps/core/src/store/open-store.ts'

/** Writes events and prints the id of each as soon as it is acknowledged, until somebody kills the process. */

const [dataDir = '', databaseUrl = ''] = process.argv.slice(2)
const url = databaseUrl === '' ? undefined : new Secret(databaseUrl)
const CORE = new URL('../../apps/core/src/', import.meta.url)
const WRITERS = 8

const store = await openStore({
  dataDir,
  databaseUrl: url,
  databaseDirectUrl: undefined,
  allowUnsafeFilesystem: false,
  clock: systemClock,
  log: createLog('silent'),
  version: 'test',
  createAppender: createLogAppender,
  threads: {
    writer: new URL('writer-worker.ts', CORE),
    reader: new URL('reader-worker.ts', CORE),
  },
  reserveBytes: 1024,
  spaceLimits: { warnBytes: 0, stopBytes: 0 },
})
await store.arm({
  deploymentId: 'dep_test',
  instanceId: 'ins_test',
  seed: new Uint8Array(32).fill(7),
})
const draft = createDraft({ clock: systemClock, newId: createIds(systemClock) })

async function writeForever(): Promise<void> {
  for (;;) {
    const event = draft({ type: 'server.changed', workspaceId: 'wsp_1' })
    await store.append([event])
    process.stdout.write(`${event.id}\n`)
  }
}
await Promise.all(Array.from({ length: WRITERS }, writeForever))
