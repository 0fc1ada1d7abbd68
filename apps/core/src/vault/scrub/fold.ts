/**
 * Bytes that encodings exchange for one another are one byte to the scrubber, so that one pattern stands for many
 * forms: letters of either case (hex, headers), `+ - space` and `/ _` (base64 alphabets, form encoding). Line ends
 * and zeros do not count at all, which sees through wrapped base64, rewritten line ends and UTF-16 (VLT-61, VLT-62).
 */
export const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

export const foldOf: Uint8Array = buildFold()

export const SKIPPED_BYTES = [LINE_FEED, CARRIAGE_RETURN, 0] as const

export const isSkipped = (byte: number | undefined): boolean =>
  byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === 0

/** What the matcher compares: folded, without what is skipped. */
export const folded = (bytes: Uint8Array): Uint8Array =>
  bytes.filter((byte) => !isSkipped(byte)).map((byte) => foldOf[byte] ?? byte)

function buildFold(): Uint8Array {
  const fold = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  for (let letter = 0; letter < 26; letter++) fold[0x41 + letter] = 0x61 + letter
  fold[0x20] = fold[0x2d] = 0x2b
  fold[0x5f] = 0x2f
  fold[CARRIAGE_RETURN] = fold[0] = LINE_FEED
  return fold
}
