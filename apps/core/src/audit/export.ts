import { EXPORT_FORMAT, keyRecord, writeRecord, type ExportRecord } from '@peta/proof'

import type { Person } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import type { Append } from './backlog.ts'
import type { Draft } from './event.ts'

export type ExportDependencies = Readonly<{
  query: Store['query']
  append: Append
  draft: Draft
  deploymentId: string
}>

const PAGE = 1000

/**
 * The whole log as lines for offline verification, page by page. A person gets the bytes of their own workspace; every
 * other entry is a bare hash, which proves the same and shows nothing (AUD-42). That it was read is recorded before
 * the first line (AUD-50).
 */
export async function* exportLog(
  { query, append, draft, deploymentId }: ExportDependencies,
  { workspaceId, userId }: Pick<Person, 'workspaceId' | 'userId'>,
): AsyncGenerator<string> {
  const logs = await query('audit.logs', {})
  const sizes = logs.map(({ log_id, size }) => ({ log_id, size }))
  const fields = { entries: sizes.reduce((sum, { size }) => sum + size, 0) }
  await append([draft({ type: 'audit.exported', workspaceId, actorId: userId, fields })])

  yield textOf([
    {
      kind: 'export',
      format: EXPORT_FORMAT,
      deployment_id: deploymentId,
      workspace_id: workspaceId,
      logs: sizes,
    },
    ...keysOf(logs),
  ])
  for (const { log_id: logId, size } of sizes) {
    for (let from = 0; from < size; from += PAGE) {
      const range = { logId, from, to: Math.min(from + PAGE, size) }
      const entries = await query('audit.entries', { ...range, workspaceId })
      const checkpoints = await query('audit.checkpoints', range)
      yield textOf(interleave(logId, entries, checkpoints))
    }
  }
}

type Entry = Readonly<{ idx: number; leaf: Uint8Array; body: Uint8Array | null }>
type Checkpoint = Readonly<{ size: number; note: string }>

/** Each checkpoint right after the last entry that it covers. */
function interleave(
  logId: string,
  entries: readonly Entry[],
  checkpoints: readonly Checkpoint[],
): readonly ExportRecord[] {
  const notes = new Map(checkpoints.map(({ size, note }) => [size, note]))
  return entries.flatMap(({ idx, leaf, body }): readonly ExportRecord[] => {
    const event = {
      kind: 'event',
      log_id: logId,
      idx,
      leaf: Buffer.from(leaf).toString('hex'),
      ...(body && { e: Buffer.from(body).toString('base64') }),
    } as const
    const size = idx + 1
    const note = notes.get(size)
    return note === undefined ? [event] : [event, { kind: 'checkpoint', log_id: logId, size, note }]
  })
}

function keysOf(logs: readonly Readonly<{ key_id: string; public_key: Uint8Array }>[]) {
  const keys = new Map(logs.map((log) => [log.key_id, log.public_key]))
  return [...keys.values()].map(keyRecord)
}

const textOf = (records: readonly ExportRecord[]): string =>
  records.map((record) => `${writeRecord(record)}\n`).join('')
