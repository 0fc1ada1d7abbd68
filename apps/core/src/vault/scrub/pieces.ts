/**
 * The parts of a value that give it away on their own (VLT-62). Shorter ones cannot be told from ordinary text.
 */
export const PIECE_BYTES_MIN = 8
const LINE_BYTES_MIN = 16
const PIECES_MAX = 64

const ARMOR_LINE = /^-{5}(BEGIN|END) [A-Z0-9 ]+-{5}$/
const SENSITIVE_NAME = /secret|token|key|pass|pwd|credential|private|auth|signature/i
const PLAIN_URL = /^https?:\/\/[^@]*$/
const TOKEN_HEADER = /^eyJ[\w-]*\.(?=[\w-])/

/**
 * A plain value is one piece. Of a JSON document only the sensitive leaves count, of a signed token what follows
 * its header, of several lines each long line too and never the armour: the rest is public text that would make
 * harmless answers unreadable.
 */
export function piecesOf(value: Uint8Array): readonly Buffer[] {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const text = bytes.toString('utf8')
  if (!Buffer.from(text).equals(bytes)) return keepLong([bytes])
  const pieces = leavesOf(text) ?? [text]
  return keepLong(pieces.flatMap(linesOf).map((piece) => Buffer.from(piece))).slice(0, PIECES_MAX)
}

const keepLong = (pieces: readonly Buffer[]): readonly Buffer[] =>
  pieces.filter((piece) => piece.byteLength >= PIECE_BYTES_MIN)

function linesOf(text: string): readonly string[] {
  const lines = text
    .trim()
    .split(/\r\n|\r|\n/)
    .filter((line) => !ARMOR_LINE.test(line.trim()))
  const whole = lines.join('\n').trim().replace(TOKEN_HEADER, '')
  if (lines.length <= 1) return [whole]
  return [
    whole,
    ...lines.map((line) => line.trim()).filter((line) => line.length >= LINE_BYTES_MIN),
  ]
}

/** Undefined when the text is no JSON document, or has no leaf that is sensitive by its name. */
function leavesOf(text: string): readonly string[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  let leaves: readonly string[]
  try {
    leaves = sensitiveLeaves(JSON.parse(text), '')
  } catch {
    return undefined
  }
  return leaves.length > 0 ? leaves : undefined
}

function sensitiveLeaves(value: unknown, name: string): readonly string[] {
  if (typeof value === 'string') {
    return SENSITIVE_NAME.test(name) && !PLAIN_URL.test(value) ? [value] : []
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    sensitiveLeaves(member, Array.isArray(value) ? name : key),
  )
}
