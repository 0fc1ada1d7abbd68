import { CoreError } from '../../ground/errors.ts'
import { jsonView, percentView, xmlView } from './escapes.ts'
import type { Found, Matcher } from './matcher.ts'
import { encodedRuns } from './runs.ts'
import type { View } from './view.ts'

/** A hit in the bytes themselves. `via` lists the decodings that showed it, outermost first. */
export type Hit = Found & Readonly<{ via: readonly string[] }>

/** The JSON of a frame, and three encodings within it. */
const DEPTH_MAX = 4

/** Decoded bytes one text may cost. Beyond that it was made to be expensive, and is refused (VLT-64). */
const DECODED_FACTOR_MAX = 12
const DECODED_BYTES_MIN = 256 * 1024

/**
 * Searches a text and every way it reads after decoding, however they are nested.
 *
 * @throws CoreError `scrub_failed` when that would take too much
 */
export function findAll(matcher: Matcher, bytes: Buffer): readonly Hit[] {
  let budget = DECODED_BYTES_MIN + bytes.byteLength * DECODED_FACTOR_MAX

  function search(source: Buffer, depth: number): readonly Hit[] {
    const hits = matcher.find(source).map((found): Hit => ({ ...found, via: [] }))
    if (depth === DEPTH_MAX) return hits
    for (const view of viewsOf(source, matcher)) {
      budget -= view.bytes.byteLength
      if (budget < 0) throw new CoreError('scrub_failed')
      hits.push(...search(view.bytes, depth + 1).map((hit) => inSource(hit, view)))
    }
    return hits
  }

  return search(bytes, 0)
}

/**
 * No percent-encoding and no base64 holds a backslash, so where JSON escapes are undone the rest of the decoding
 * goes on from there. XML leaves backslashes alone, so it is undone on both sides.
 */
function* viewsOf(source: Buffer, matcher: Matcher): Generator<View> {
  const json = jsonView(source)
  if (json) yield json
  const xml = xmlView(source)
  if (xml) yield xml
  if (json) return
  const percent = percentView(source)
  if (percent) yield percent
  yield* encodedRuns(source, matcher)
}

function inSource(hit: Hit, view: View): Hit {
  const [start, end] = view.toSource(hit.start, hit.end)
  return { ...hit, start, end, via: [view.via, ...hit.via] }
}
