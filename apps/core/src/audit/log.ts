import { appendLeaves, checkpointText, encodeLeaf, rootOf } from '@peta/proof'

import { CoreError } from '../ground/errors.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { AppenderConfig, LogAppender } from '../store/appender.ts'
import { sizeOfOpenLog } from '../store/families/audit-log.ts'
import type { AdvanceLog, LogBatch } from '../store/log-batch.ts'
import type { Db } from '../store/operation.ts'
import { openLog, type OpenLog } from './open-log.ts'
import { growTiles } from './tiles.ts'

export type ArmableAppender = LogAppender &
  Readonly<{ arm: (config: AppenderConfig) => void; forget: () => void }>

/**
 * Writes entries, tiles and one signed checkpoint per batch. Until it is armed with the signing key, and after it lost
 * its log to another writer, every append fails: nothing runs unrecorded (AUD-22).
 */
export function createLogAppender(): ArmableAppender {
  let config: AppenderConfig | undefined
  let current: OpenLog | undefined
  /** The log as the last batch would leave it, which counts once that batch is known to be committed. */
  let staged: OpenLog | undefined
  let isUncertain = false

  async function standing(db: Db): Promise<OpenLog | undefined> {
    if (!isUncertain) return current
    const durable = staged && (await sizeOfOpenLog(db, staged.logId))
    if (durable === undefined && current) throw unavailable('another writer took the log over')
    return durable === staged?.frontier.size ? staged : current
  }

  return {
    arm(next) {
      config ??= next
    },
    forget() {
      isUncertain = true
    },
    async append({ db, advanceLog }, drafts, context) {
      if (!config) throw unavailable('the signing key is not unsealed')
      const log = await standing(db)
      if (log?.state === 'closed') throw unavailable('the log was closed')
      const opened = log ? { log, drafts: [] } : await openLog(db, config, context)
      const all = [...opened.drafts, ...drafts]
      const batch = { advanceLog, log: opened.log, drafts: all, nowMs: context.nowMs }
      const next = await writeBatch(batch)
      staged = next
      current = log
      isUncertain = false
      return { committed: () => void (current = next) }
    },
  }
}

type Batch = Readonly<{
  advanceLog: AdvanceLog
  log: OpenLog
  drafts: readonly AuditDraft[]
  nowMs: number
}>

async function writeBatch({ advanceLog, log, drafts, nowMs }: Batch): Promise<OpenLog> {
  const from = log.frontier.size
  const entries = drafts.map((draft, at) => toEntry(log.logId, from + at, draft))
  const leaves = entries.map((entry) => entry.leaf)
  const { add, tiles, full } = growTiles(log.tiles)
  const frontier = appendLeaves(log.frontier, leaves, add)
  const isClosed = drafts.at(-1)?.type === 'log.closed'
  const root = rootOf(frontier)
  const size = frontier.size
  const note = log.signer.sign(checkpointText({ origin: log.signer.name, size, root }))

  const isOurs = await advanceLog({
    logId: log.logId,
    from,
    to: size,
    closedAt: isClosed ? nowMs : null,
    entries,
    tiles: full,
    checkpoint: { root, note },
  })
  if (!isOurs) throw unavailable('another writer took the log over')
  return { ...log, frontier, tiles, state: isClosed ? 'closed' : 'open' }
}

/** The text is put together once and hashed as it is stored; ids are ours and need no escaping (AUD-21). */
function toEntry(logId: string, idx: number, draft: AuditDraft): LogBatch['entries'][number] {
  const text = `{"v":1,"id":"${draft.id}","log_id":"${logId}","idx":${idx},"ts":${draft.tsMs},${draft.fields}}`
  const { body, leaf } = encodeLeaf(text)
  return {
    log_id: logId,
    idx,
    event_id: draft.id,
    workspace_id: draft.workspaceId,
    ts: draft.tsMs,
    type: draft.type,
    outcome: draft.outcome ?? null,
    actor_id: draft.actorId ?? null,
    target: draft.target ?? null,
    cause_id: draft.causeId ?? null,
    body,
    leaf,
  }
}

/** The reason is for our own log: callers learn only that the record cannot be written. */
const unavailable = (reason: string): CoreError =>
  new CoreError('audit_unavailable', {}, { cause: new Error(reason) })
