import type { ScrubHit } from '../../model/clearance.ts'
import { findAll, type Hit } from './find-all.ts'
import type { Matcher } from './matcher.ts'

/** Hits in order, those that overlap as one, told by the decoding that needed the fewest steps. */
export function spotsOf(matcher: Matcher, bytes: Buffer): readonly Hit[] {
  const hits = findAll(matcher, bytes)
  if (hits.length === 0) return hits
  const spots: Hit[] = []
  for (const hit of hits.toSorted((a, b) => a.start - b.start)) {
    const last = spots.at(-1)
    if (!last || hit.start >= last.end) spots.push(hit)
    else spots[spots.length - 1] = joined(last, hit)
  }
  return spots
}

function joined(a: Hit, b: Hit): Hit {
  const plainer = b.via.length < a.via.length ? b : a
  return { ...plainer, start: a.start, end: Math.max(a.end, b.end) }
}

export function replaceSpots(bytes: Buffer, spots: readonly Hit[]): Buffer {
  const parts: Buffer[] = []
  let from = 0
  for (const { start, end, secret } of spots) {
    parts.push(bytes.subarray(from, start), Buffer.from(`[secret:${secret}]`))
    from = end
  }
  parts.push(bytes.subarray(from))
  return Buffer.concat(parts)
}

export function countHits(spots: readonly Hit[]): readonly ScrubHit[] {
  const counts = new Map<string, ScrubHit>()
  for (const { secret, form, via } of spots) {
    const name = [...via, form].join('>')
    const key = `${secret} ${name}`
    counts.set(key, { secret, form: name, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return [...counts.values()]
}
