import { keyRecord, writeRecord, type ExportRecord } from './export-format.ts'
import { appendLeaves, emptyFrontier, encodeLeaf, rootOf, type Frontier } from './merkle.ts'
import { checkpointText, createNoteSigner, publicKeyOf } from './note.ts'
import type { VerifyReport } from './report.ts'
import { createVerifier, type VerifyOptions } from './verifier.ts'

/** Builders of exports for the tests of this folder. */

const seed = Buffer.alloc(32, 7)
export const publicKeys = [publicKeyOf(seed)]
const DEPLOYMENT = 'dep_1'

export type Body = Record<string, unknown>
export type LogOf = { records: ExportRecord[]; frontier: Frontier; notes: string[] }

/** A log of the given bodies with a checkpoint after every `batch` of them, and after the last. */
export function logOf(
  logId: string,
  bodies: readonly Body[],
  { batch = 7, key = seed } = {},
): LogOf {
  const name = `peta/${DEPLOYMENT}/${logId}`
  const signer = createNoteSigner(name, key)
  const log: LogOf = { records: [], frontier: emptyFrontier, notes: [] }
  for (const [idx, body] of bodies.entries()) {
    const text = JSON.stringify({
      v: 1,
      id: `${logId}-${idx}`,
      log_id: logId,
      idx,
      ts: idx,
      ...body,
    })
    const { body: bytes, leaf } = encodeLeaf(text)
    log.frontier = appendLeaves(log.frontier, [leaf])
    const e = bytes.toString('base64')
    log.records.push({ kind: 'event', log_id: logId, idx, leaf: leaf.toString('hex'), e })
    if ((idx + 1) % batch !== 0 && idx + 1 < bodies.length) continue
    const root = rootOf(log.frontier)
    const note = signer.sign(checkpointText({ origin: name, size: idx + 1, root }))
    log.notes.push(note)
    log.records.push({ kind: 'checkpoint', log_id: logId, size: idx + 1, note })
  }
  return log
}

export const plain = (count: number): Body[] =>
  Array.from({ length: count }, (_, i) => ({ type: 'audit.read', workspace_id: `wsp_${i % 3}` }))

export function exportOf(logs: Readonly<Record<string, LogOf>>, workspaceId?: string): string[] {
  const sizes = Object.entries(logs).map(([log_id, { frontier }]) => ({
    log_id,
    size: frontier.size,
  }))
  const header = { kind: 'export', format: 1, deployment_id: DEPLOYMENT, logs: sizes } as const
  const records = [
    workspaceId === undefined ? header : { ...header, workspace_id: workspaceId },
    keyRecord(publicKeyOf(seed)),
    ...Object.values(logs).flatMap((log) => log.records),
  ]
  return records.map(writeRecord)
}

export function verify(
  lines: readonly string[],
  options: VerifyOptions = { publicKeys },
): VerifyReport {
  const verifier = createVerifier(options)
  for (const line of lines) verifier.push(line)
  return verifier.finish()
}
