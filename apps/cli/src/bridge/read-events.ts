import { readLines } from './read-lines.ts'

/** More than the largest result that Core can be told to relay. */
const LINE_BYTES_MAX = 64 * 1024 * 1024
const CR = 0x0d
const COLON = 0x3a
const SPACE = 0x20

export type ServerEvent = Readonly<{ data: Buffer; id?: string }>

/** Messages of a server-sent event stream as Core writes it: comments and types of events mean nothing here. */
export async function* readEvents(
  stream: AsyncIterable<Buffer>,
): AsyncGenerator<ServerEvent, void, undefined> {
  let data: Buffer[] = []
  let id: string | undefined
  for await (const line of readLines(stream, LINE_BYTES_MAX)) {
    if (line === 'too long') throw new RangeError('an event beyond every limit of Core')
    const text = line.at(-1) === CR ? line.subarray(0, -1) : line
    if (text.length > 0) {
      const [name, value] = readField(text)
      if (name === 'data') data.push(value)
      if (name === 'id') id = value.toString('utf8')
      continue
    }
    const message = joinLines(data)
    data = []
    // An event without data only says where a stream can be taken up again.
    if (message.length > 0 || id !== undefined) {
      yield { data: message, ...(id !== undefined && { id }) }
    }
    id = undefined
  }
}

function readField(line: Buffer): readonly [string, Buffer] {
  const colon = line.indexOf(COLON)
  if (colon === -1) return [line.toString('latin1'), Buffer.alloc(0)]
  const from = line[colon + 1] === SPACE ? colon + 2 : colon + 1
  return [line.toString('latin1', 0, colon), line.subarray(from)]
}

/** Line ends between the tokens of a message; the bridge writes it on one line, so a space does as well. */
function joinLines(lines: readonly Buffer[]): Buffer {
  const [first = Buffer.alloc(0), ...more] = lines
  if (more.length === 0) return first
  return Buffer.concat([first, ...more.flatMap((line) => [Buffer.from(' '), line])])
}
