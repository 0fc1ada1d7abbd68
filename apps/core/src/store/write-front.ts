import type { AuditDraft } from '../model/audit-event.ts'
import { createAdmission, type AdmissionLimits } from './admission.ts'
import type { HintTopic } from './store.ts'
import { createWaitingRoom } from './waiting-room.ts'
import type { WriteCommand, WriteReply, WriteRequest } from './write-request.ts'

/** The callers' side of the writer: it bounds, gathers per tick, and hands replies to those who wait. */
export type WriteFront = Readonly<{
  command: (command: WriteCommand, drafts: readonly AuditDraft[]) => Promise<unknown>
  append: (drafts: readonly AuditDraft[]) => Promise<void>
  settle: (replies: readonly WriteReply[]) => void
  /** The writer is gone: everyone who waits is told so. */
  abandon: (error: Error) => void
  /** Resolves when nobody waits. */
  quiet: () => Promise<void>
}>

export type WriteFrontParts = Readonly<{
  /** Takes all requests of one tick. */
  send: (requests: readonly WriteRequest[]) => void
  nowMs: () => number
  /** After a commit, with the topics that it touched. */
  committed: (topics: ReadonlySet<HintTopic>) => void
  limits?: AdmissionLimits
  /** How long events alone wait for their commit before their call is refused (AUD-22). */
  ackMsMax?: number
}>

const ACK_MS_MAX = 2000

export function createWriteFront(parts: WriteFrontParts): WriteFront {
  const admission = createAdmission(parts.limits)
  const waiting = createWaitingRoom(parts.ackMsMax ?? ACK_MS_MAX, ({ bytes }) =>
    admission.release(bytes),
  )
  let tick: WriteRequest[] = []
  let lastSeq = 0

  async function push(drafts: readonly AuditDraft[], command?: WriteCommand): Promise<unknown> {
    const bytes = bytesOf(drafts) + (command ? bytesIn(command.args) : 0)
    admission.admit(command ? 'command' : 'append', bytes)
    const bare = { seq: ++lastSeq, drafts, nowMs: parts.nowMs(), bytes }
    const request: WriteRequest = command ? { ...bare, command } : bare
    if (tick.push(request) === 1) setImmediate(flush)
    return waiting.enter(request)
  }

  function flush(): void {
    const requests = tick
    tick = []
    parts.send(requests)
  }

  return {
    command: (command, drafts) => push(drafts, command),
    async append(drafts) {
      await push(drafts)
    },
    settle(replies) {
      const topics = waiting.settle(replies)
      if (topics.size > 0) parts.committed(topics)
    },
    abandon: waiting.abandon,
    quiet: waiting.quiet,
  }
}

function bytesOf(drafts: readonly AuditDraft[]): number {
  let bytes = 0
  for (const draft of drafts) bytes += draft.fields.length
  return bytes
}

/** Text and bytes anywhere in the arguments of a command; the rest does not count. */
function bytesIn(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  if (value instanceof Uint8Array) return value.byteLength
  return Object.values(value).reduce((sum: number, member) => sum + bytesIn(member), 0)
}
