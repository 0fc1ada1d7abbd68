import { hash } from 'node:crypto'

import { decodeBase64 } from './base64.ts'

/**
 * An export of the audit log: lines of JSON. First the header, then keys, then entries in order with each checkpoint
 * right after the last entry it covers, so that a reader needs to remember almost nothing. Every line has one
 * spelling; any other is refused, so that no changed byte goes unseen.
 */
export type ExportRecord = ExportHeader | ExportKey | ExportEvent | ExportCheckpoint

export type ExportHeader = Readonly<{
  kind: 'export'
  format: 1
  deployment_id: string
  /** Present when only this workspace's entries are shown; the others are bare hashes. */
  workspace_id?: string
  logs: readonly Readonly<{ log_id: string; size: number }>[]
}>

export type ExportKey = Readonly<{
  kind: 'key'
  /** SHA-256 of the key, hex. */
  key_id: string
  /** Raw Ed25519 public key, base64. */
  public_key: string
}>

export type ExportEvent = Readonly<{
  kind: 'event'
  log_id: string
  idx: number
  /** Leaf hash, hex. */
  leaf: string
  /** The bytes that were hashed, base64. Absent for entries of other workspaces. */
  e?: string
}>

export type ExportCheckpoint = Readonly<{
  kind: 'checkpoint'
  log_id: string
  size: number
  note: string
}>

export const EXPORT_FORMAT = 1

/** One line, without its line break, with the members in the order of the format. */
export function writeRecord(record: ExportRecord): string {
  switch (record.kind) {
    case 'export':
      return JSON.stringify({
        kind: record.kind,
        format: record.format,
        deployment_id: record.deployment_id,
        workspace_id: record.workspace_id,
        logs: record.logs.map(({ log_id, size }) => ({ log_id, size })),
      })
    case 'key':
      return JSON.stringify({
        kind: record.kind,
        key_id: record.key_id,
        public_key: record.public_key,
      })
    case 'event':
      return JSON.stringify({
        kind: record.kind,
        log_id: record.log_id,
        idx: record.idx,
        leaf: record.leaf,
        e: record.e,
      })
    case 'checkpoint':
      return JSON.stringify({
        kind: record.kind,
        log_id: record.log_id,
        size: record.size,
        note: record.note,
      })
  }
}

/** Nothing unless the line is a record in its one spelling. */
export function parseRecord(line: string): ExportRecord | undefined {
  const value = parseObject(line)
  const record = value && readRecord(value)
  return record && writeRecord(record) === line ? record : undefined
}

/** A JSON object, or nothing. */
export function parseObject(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isMembers(value) ? value : undefined
  } catch {
    return undefined
  }
}

export const keyRecord = (publicKey: Uint8Array): ExportKey => ({
  kind: 'key',
  key_id: hash('sha256', publicKey, 'hex'),
  public_key: Buffer.from(publicKey).toString('base64'),
})

export type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const ID = /^[A-Za-z0-9][\w./:-]{0,299}$/
const LEAF = /^[0-9a-f]{64}$/

const isId = (value: unknown): value is string => typeof value === 'string' && ID.test(value)
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0
const isBase64 = (value: unknown): value is string =>
  typeof value === 'string' && decodeBase64(value) !== undefined

function readRecord(value: Members): ExportRecord | undefined {
  switch (value['kind']) {
    case 'export':
      return readHeader(value)
    case 'key':
      return readKey(value)
    case 'event':
      return readEvent(value)
    case 'checkpoint':
      return readCheckpoint(value)
    default:
      return undefined
  }
}

function readHeader(value: Members): ExportHeader | undefined {
  const { format, deployment_id, workspace_id, logs } = value
  if (format !== EXPORT_FORMAT || !isId(deployment_id) || !Array.isArray(logs)) return undefined
  const listed = logs.map((log: unknown) => (isMembers(log) ? readListed(log) : undefined))
  if (!listed.every((log) => log !== undefined)) return undefined
  const header = { kind: 'export', format: EXPORT_FORMAT, deployment_id, logs: listed } as const
  if (workspace_id === undefined) return header
  return isId(workspace_id) ? { ...header, workspace_id } : undefined
}

const readListed = ({ log_id, size }: Members) =>
  isId(log_id) && isCount(size) ? { log_id, size } : undefined

function readKey({ key_id, public_key }: Members): ExportKey | undefined {
  if (typeof public_key !== 'string') return undefined
  const key = decodeBase64(public_key)
  const record = key && keyRecord(key)
  return record?.key_id === key_id ? record : undefined
}

function readEvent({ log_id, idx, leaf, e }: Members): ExportEvent | undefined {
  if (!isId(log_id) || !isCount(idx)) return undefined
  if (typeof leaf !== 'string' || !LEAF.test(leaf)) return undefined
  const event = { kind: 'event', log_id, idx, leaf } as const
  if (e === undefined) return event
  return isBase64(e) ? { ...event, e } : undefined
}

const readCheckpoint = ({ log_id, size, note }: Members): ExportCheckpoint | undefined =>
  isId(log_id) && isCount(size) && typeof note === 'string'
    ? { kind: 'checkpoint', log_id, size, note }
    : undefined
