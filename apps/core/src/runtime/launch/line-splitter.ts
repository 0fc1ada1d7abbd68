const LF = 0x0a
const CR = 0x0d

/** Lines of a byte stream, without their ends. */
export type LineSplitter = Readonly<{
  /** False once a line grew past the bound: the stream cannot be trusted any further. */
  push: (chunk: Buffer) => boolean
  /** The last line, when the stream ended without a newline. */
  end: () => void
}>

/**
 * Cuts at newlines, on bytes: a character split between chunks stays whole, and an unfinished line is joined once,
 * when it is complete (RUN-9).
 */
export function createLineSplitter(
  lineBytesMax: number,
  onLine: (line: Buffer) => void,
): LineSplitter {
  let pieces: Buffer[] = []
  let pending = 0

  function emit(tail: Buffer): void {
    const line = pieces.length === 0 ? tail : Buffer.concat([...pieces, tail])
    pieces = []
    pending = 0
    const end = line.at(-1) === CR ? line.length - 1 : line.length
    if (end > 0) onLine(line.subarray(0, end))
  }

  return {
    push(chunk) {
      let from = 0
      let end = chunk.indexOf(LF)
      while (end !== -1) {
        if (pending + end - from > lineBytesMax) return false
        emit(chunk.subarray(from, end))
        from = end + 1
        end = chunk.indexOf(LF, from)
      }
      if (from < chunk.length) {
        pieces.push(chunk.subarray(from))
        pending += chunk.length - from
      }
      return pending <= lineBytesMax
    },
    end() {
      if (pending > 0) emit(Buffer.alloc(0))
    },
  }
}
