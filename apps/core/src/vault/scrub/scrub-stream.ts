import type { ScrubHit, ScrubStream } from '../../model/clearance.ts'
import type { Hit } from './find-all.ts'
import type { Matcher } from './matcher.ts'
import { countHits, replaceSpots, spotsOf } from './spots.ts'

/**
 * How much longer than its longest listed form a value can get in the nested encodings that are searched: three
 * rounds of percent-encoding every byte, and room for the runs around it.
 */
const GROWTH_MAX = 48
const BACKSLASH = 0x5c

/** Withholds what might be the start of a value until enough has come to know (VLT-63). */
export function createScrubStream(matcher: Matcher): ScrubStream {
  const heldMax = matcher.longest * GROWTH_MAX
  const seen: Hit[] = []
  let held: Buffer = Buffer.alloc(0)

  function release(isLast: boolean): Buffer {
    const spots = spotsOf(matcher, held)
    const cut = isLast ? held.byteLength : cutBefore(held, held.byteLength - heldMax, spots)
    const done = spots.filter((spot) => spot.end <= cut)
    seen.push(...done)
    const released = replaceSpots(held.subarray(0, cut), done)
    held = held.subarray(cut)
    return released
  }

  return {
    push(chunk) {
      held = held.byteLength === 0 ? chunk : Buffer.concat([held, chunk])
      return held.byteLength > heldMax ? release(false) : Buffer.alloc(0)
    },
    end: () => release(true),
    hits: (): readonly ScrubHit[] => countHits(seen),
  }
}

/** The last place at or before `wanted` that is inside no value and does not tear an escape apart. */
function cutBefore(bytes: Buffer, wanted: number, spots: readonly Hit[]): number {
  let cut = Math.max(0, wanted)
  while (cut > 0 && bytes[cut - 1] === BACKSLASH) cut--
  for (const spot of spots.toReversed()) {
    if (spot.start < cut && cut < spot.end) cut = spot.start
  }
  return cut
}
