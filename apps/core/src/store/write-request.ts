import type { AuditDraft } from '../model/audit-event.ts'
import type { CommandName } from './store.ts'

/** One command with its events, or events alone; plain data, since on SQLite it crosses to the writer's thread. */
export type WriteRequest = Readonly<{
  /** Names the request in its reply; counted by the process that asks. */
  seq: number
  command?: WriteCommand
  drafts: readonly AuditDraft[]
  nowMs: number
  /** About how much memory it holds. */
  bytes: number
}>

export type WriteCommand = Readonly<{
  name: CommandName
  args: unknown
  /** Makes the command run once: the same id with the same arguments gives the first result again (STO-35). */
  requestId?: string
}>

export type WriteReply = Readonly<{ seq: number } & ({ result: unknown } | { error: unknown })>

/** The members of a draft and of a request in fixed order. Lists cross threads in half the time of objects. */
type PackedDraft = readonly [
  AuditDraft['id'],
  AuditDraft['tsMs'],
  AuditDraft['workspaceId'],
  AuditDraft['type'],
  AuditDraft['outcome'],
  AuditDraft['actorId'],
  AuditDraft['target'],
  AuditDraft['causeId'],
  AuditDraft['fields'],
]
export type PackedRequest = readonly [
  seq: number,
  nowMs: number,
  bytes: number,
  drafts: readonly PackedDraft[],
  command?: WriteCommand,
]

export function packRequest({ seq, nowMs, bytes, drafts, command }: WriteRequest): PackedRequest {
  const packed = drafts.map(packDraft)
  return command ? [seq, nowMs, bytes, packed, command] : [seq, nowMs, bytes, packed]
}

export function unpackRequest(packed: PackedRequest): WriteRequest {
  const [seq, nowMs, bytes, drafts, command] = packed
  const request = { seq, nowMs, bytes, drafts: drafts.map(unpackDraft) }
  return command ? { ...request, command } : request
}

const packDraft = (draft: AuditDraft): PackedDraft => [
  draft.id,
  draft.tsMs,
  draft.workspaceId,
  draft.type,
  draft.outcome,
  draft.actorId,
  draft.target,
  draft.causeId,
  draft.fields,
]

function unpackDraft(packed: PackedDraft): AuditDraft {
  const [id, tsMs, workspaceId, type, outcome, actorId, target, causeId, fields] = packed
  return {
    id,
    tsMs,
    workspaceId,
    type,
    ...(outcome !== undefined && { outcome }),
    ...(actorId !== undefined && { actorId }),
    ...(target !== undefined && { target }),
    ...(causeId !== undefined && { causeId }),
    fields,
  }
}
