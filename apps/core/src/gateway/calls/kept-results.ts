import type { Clock } from '../../ground/clock.ts'
import type { Call, CallResult } from '../../model/call.ts'
import type { ArmedCall } from '../../model/clearance.ts'
import type { ServerFrame, Span } from '../../model/frame.ts'
import { insertFirst } from '../../protocol/insert-first.ts'
import { readValue } from '../../protocol/members.ts'
import { metaKeys } from '../../protocol/meta-keys.ts'
import { readTtlMs } from '../../protocol/read-ttl.ts'
import { readServerFrame } from '../../protocol/server-frame.ts'
import { type Edit, splice } from '../../protocol/splice.ts'

/** The place of one call among kept results. */
export type Kept = Readonly<{
  /** What the server answered before, with its age. */
  found?: CallResult
  /** Keeps an answer, if it may be kept; `shown` is what is left of it after secrets were taken out. */
  keep: (answer: CallResult, shown: CallResult) => void
}>

/** Undefined for a call whose result is never kept, which is nearly every one. */
export type KeptFor = (armed: ArmedCall) => Kept | undefined

export type KeptSources = Readonly<{
  clock: Pick<Clock, 'nowMs'>
  policyVersion: (workspaceId: string) => number
  catalogue: (workspaceId: string) => Readonly<{ version: number }>
  /** Grows when a server says that something of it is not what it was. */
  newsOf: (workspaceId: string, serverId: string) => number
}>

type Entry = Readonly<{ result: CallResult; keptAtMs: number; untilMs: number }>

const ENTRIES_MAX = 1000
const BYTES_MAX = 32 * 1024 * 1024
const RESULT_BYTES_MAX = 1024 * 1024

/**
 * Answers that may be given again: reads for as long as their server said, results of tools where an administrator
 * chose to (MCP-120, MCP-121). Looked up only for a call that was decided, recorded and armed. The key holds all that an
 * answer depends on, so whatever changes leaves old answers behind; the oldest are dropped first.
 */
export function createKeptResults(sources: KeptSources): KeptFor {
  const kept = new Map<string, Entry>()
  let bytes = 0

  function drop(key: string): void {
    bytes -= kept.get(key)?.result.bytes.length ?? 0
    kept.delete(key)
  }

  function add(key: string, entry: Entry): void {
    drop(key)
    kept.set(key, entry)
    bytes += entry.result.bytes.length
    for (const [oldest] of kept) {
      if (kept.size <= ENTRIES_MAX && bytes <= BYTES_MAX) break
      drop(oldest)
    }
  }

  return function keptFor(armed) {
    const key = keyOf(armed, sources)
    if (key === undefined) return undefined
    const { call } = armed.clearance
    const nowMs = sources.clock.nowMs()
    const entry = kept.get(key)
    return {
      ...(entry && entry.untilMs > nowMs && { found: aged(entry, nowMs) }),
      keep(answer, shown) {
        const keepMs = answer === shown && isKeepable(shown) ? keepMsOf(call, shown) : 0
        const keptAtMs = sources.clock.nowMs()
        if (keepMs > 0) add(key, { result: shown, keptAtMs, untilMs: keptAtMs + keepMs })
      },
    }
  }
}

const PLAIN_PARAMS: ReadonlySet<string> = new Set(['name', 'uri', 'arguments', '_meta'])

/** A person's approval is for one run, and a round or a task for its own exchange; those are never looked up. */
function keyOf({ clearance, credentials }: ArmedCall, sources: KeptSources): string | undefined {
  const { call, claim } = clearance
  if (call.keepMs === undefined && call.method !== 'resources/read') return undefined
  const { workspaceId, server, method, name, item, frame, round } = call
  const isPlain = Object.keys(frame.params).every((param) => PLAIN_PARAMS.has(param))
  if (claim || round || !isPlain) return undefined
  const { arguments: span = NOTHING } = frame.spans
  return JSON.stringify([
    workspaceId,
    server.id,
    method,
    name,
    frame.bytes.toString('latin1', ...span),
    item?.pin,
    call.showsApps ?? false,
    credentials.version,
    sources.policyVersion(workspaceId),
    sources.catalogue(workspaceId).version,
    sources.newsOf(workspaceId, server.id),
  ])
}

const NOTHING: Span = [0, 0]

function isKeepable({ bytes, isError }: CallResult): boolean {
  if (isError || bytes.length > RESULT_BYTES_MAX || bytes.includes(metaKeys.petaCache)) return false
  const { spans } = readServerFrame(bytes)
  return (
    spans.result !== undefined &&
    (spans.resultType === undefined || readValue(bytes, spans.resultType) === 'complete')
  )
}

/** An older server cannot say how long a read holds, so it holds for nobody. */
function keepMsOf(call: Call, { bytes, serverEra }: CallResult): number {
  if (call.method !== 'resources/read') return call.keepMs ?? 0
  return serverEra === 'modern' ? readTtlMs(readServerFrame(bytes)) : 0
}

/** With its age, and with what is left of the time that its server gave it. */
function aged({ result, keptAtMs, untilMs }: Entry, nowMs: number): CallResult {
  const frame = readServerFrame(result.bytes)
  const { ttlMs } = frame.spans
  const edits: readonly Edit[] = [
    ...markWith(frame, `"${metaKeys.petaCache}":{"ageMs":${nowMs - keptAtMs}}`),
    ...(ttlMs ? [{ span: ttlMs, text: String(untilMs - nowMs) }] : []),
  ]
  const bytes = splice(
    result.bytes,
    edits.toSorted((a, b) => a.span[0] - b.span[0]),
  )
  return { ...result, bytes, isKept: true }
}

function markWith({ bytes, spans }: ServerFrame, mark: string): readonly Edit[] {
  if (spans.meta) return [insertFirst(bytes, spans.meta, mark)]
  return spans.result ? [insertFirst(bytes, spans.result, `"_meta":{${mark}}`)] : []
}
