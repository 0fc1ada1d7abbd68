import { createNoteSigner, emptyFrontier, type Frontier, type NoteSigner } from '@peta/proof'

import { sha256Hex } from '../crypto/digest.ts'
import { createIds } from '../ground/ids.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { AppenderConfig } from '../store/appender.ts'
import { beginLog, findPredecessor } from '../store/families/audit-log.ts'
import type { Db, OperationContext } from '../store/operation.ts'
import { createDraft } from './event.ts'
import { storedRoot } from './stored-root.ts'
import { emptyTiles, type Tiles } from './tiles.ts'

/** A log that this process writes. A new one begins with every start: an epoch is never continued (AUD-30). */
export type OpenLog = Readonly<{
  logId: string
  signer: NoteSigner
  frontier: Frontier
  tiles: Tiles
  state: 'open' | 'closed'
}>

export type OpenedLog = Readonly<{ log: OpenLog; drafts: readonly AuditDraft[] }>

/**
 * Begins the next log of this instance and ends the one before. Its first event names that log with its last durable
 * size and root, so that a missing tail or a missing log shows (AUD-32). When what is stored does not give that root,
 * a second event says so and writing goes on here, which leaves the evidence untouched (AUD-43).
 */
export async function openLog(
  db: Db,
  { deploymentId, instanceId, seed }: AppenderConfig,
  { nowMs }: OperationContext,
): Promise<OpenedLog> {
  const previous = await findPredecessor(db, instanceId)
  const isIntact = !previous || (await isStored(db, previous))
  const epoch = (previous?.epoch ?? 0) + 1
  const logId = `${instanceId}/${epoch}`
  const signer = createNoteSigner(logName(deploymentId, logId), seed)
  const key = { key_id: keyIdOf(signer.publicKey), public_key: signer.publicKey }
  await beginLog(db, { log_id: logId, instance_id: instanceId, epoch, opened_at: nowMs, ...key })

  const clock = { nowMs: () => nowMs, monotonicUs: () => 0 }
  const draft = createDraft({ clock, newId: createIds(clock) })
  const link = previous && {
    log_id: previous.logId,
    size: previous.size,
    root: Buffer.from(previous.root).toString('base64'),
  }
  const opened = draft({
    type: 'log.opened',
    workspaceId: '',
    fields: { deployment_id: deploymentId, key_id: key.key_id, previous: link },
  })
  const failed = draft({ type: 'audit.verify_failed', workspaceId: '', fields: { log: link } })
  const log = { logId, signer, frontier: emptyFrontier, tiles: emptyTiles, state: 'open' } as const
  return { log, drafts: isIntact ? [opened] : [opened, failed] }
}

/** The name under which a log's checkpoints are signed, and their first line (AUD-34). */
export const logName = (deploymentId: string, logId: string): string =>
  `peta/${deploymentId}/${logId}`

const keyIdOf = (publicKey: Uint8Array): string => sha256Hex(publicKey)

async function isStored(
  db: Db,
  log: Readonly<{ logId: string; size: number; root: Uint8Array }>,
): Promise<boolean> {
  const root = await storedRoot(db, log.logId, log.size)
  return root !== undefined && Buffer.compare(root, log.root) === 0
}
