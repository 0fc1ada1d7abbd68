const LF = 0x0a

/** A line without its end, or the news that one was too long to be kept. */
export type Line = Buffer | 'too long'

/** The lines of a stream of bytes, empty ones too. What follows the last line end is a line when it holds anything. */
export async function* readLines(
  input: AsyncIterable<Buffer>,
  bytesMax: number,
): AsyncGenerator<Line, void, undefined> {
  let parts: Buffer[] = []
  let length = 0

  /** What is too long is counted, not kept. */
  function add(part: Buffer): void {
    length += part.length
    if (length > bytesMax) parts = []
    else parts.push(part)
  }
  function take(): Line {
    const line: Line = length > bytesMax ? 'too long' : Buffer.concat(parts, length)
    parts = []
    length = 0
    return line
  }

  for await (const chunk of input) {
    let from = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      add(chunk.subarray(from, end))
      from = end + 1
      yield take()
    }
    add(chunk.subarray(from))
  }
  if (length > 0) yield take()
}
