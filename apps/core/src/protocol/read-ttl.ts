import { readValue } from './members.ts'
import type { ServerFrame } from '../model/frame.ts'

/** No source keeps clients from asking again for longer (MCP-119). */
const TTL_MS_MAX = 300_000

/** How long a modern server lets its answer be kept, within bounds; 0 when it does not say. */
export function readTtlMs({ bytes, spans }: Pick<ServerFrame, 'bytes' | 'spans'>): number {
  const theirs = spans.ttlMs ? readValue(bytes, spans.ttlMs) : 0
  if (typeof theirs !== 'number' || !Number.isFinite(theirs)) return 0
  return Math.max(0, Math.min(Math.trunc(theirs), TTL_MS_MAX))
}
