import type { Scrubber } from '../../model/clearance.ts'
import type { Sought } from './forms.ts'
import { createMatcher } from './matcher.ts'
import { createScrubStream } from './scrub-stream.ts'
import { countHits, replaceSpots, spotsOf } from './spots.ts'

const IDLE: Scrubber = {
  isIdle: true,
  scrub: (bytes) => ({ bytes, hits: [] }),
  stream: () => ({ push: (chunk) => chunk, end: () => Buffer.alloc(0), hits: () => [] }),
}

/**
 * Builds once for a set of values, then serves every call that uses them (VLT-60). What it does not catch:
 * encryption, compression, reversal, values split over separate answers (VLT-65), and a value beyond ASCII that was
 * partly escaped and then written in UTF-16.
 */
export function createScrubber(sought: readonly Sought[]): Scrubber {
  const matcher = createMatcher(sought)
  if (!matcher) return IDLE
  return {
    isIdle: false,
    scrub: (bytes) => {
      const spots = spotsOf(matcher, bytes)
      return spots.length === 0
        ? { bytes, hits: [] }
        : { bytes: replaceSpots(bytes, spots), hits: countHits(spots) }
    },
    stream: () => createScrubStream(matcher),
  }
}
