import { stripVTControlCharacters } from 'node:util'

import { createLineSplitter } from './line-splitter.ts'

export type LogLine = Readonly<{ atMs: number; text: string }>

/** What a server wrote to stderr, for administrators only; clients never see it (RUN-68). */
export type ServerLog = Readonly<{
  push: (chunk: Buffer) => void
  note: (text: string) => void
  lines: () => readonly LogLine[]
}>

const BYTES_MAX = 256 * 1024
const LINE_BYTES_MAX = 8 * 1024
const BYTES_PER_SECOND_MAX = 1024 * 1024
const TRUNCATED = '[a line was cut]'
const DROPPED = '[lines were dropped: the server writes too fast]'

type ServerLogParts = Readonly<{
  nowMs: () => number
  /** Takes injected values out before anything is kept. */
  scrub: (bytes: Buffer) => Buffer
}>

/** A ring of lines: bounded in bytes, in the length of a line and in its rate. */
export function createServerLog({ nowMs, scrub }: ServerLogParts): ServerLog {
  const kept: LogLine[] = []
  let keptBytes = 0
  let windowStartMs = 0
  let windowBytes = 0
  let isDropping = false
  let splitter = createLineSplitter(LINE_BYTES_MAX, takeLine)

  function keep(text: string): void {
    kept.push({ atMs: nowMs(), text })
    keptBytes += text.length
    while (keptBytes > BYTES_MAX) keptBytes -= kept.shift()?.text.length ?? keptBytes
  }

  function takeLine(line: Buffer): void {
    keep(plainText(scrub(line)))
  }

  function isTooFast(bytes: number): boolean {
    const now = nowMs()
    if (now - windowStartMs >= 1000) {
      windowStartMs = now
      windowBytes = 0
      isDropping = false
    }
    windowBytes += bytes
    return windowBytes > BYTES_PER_SECOND_MAX
  }

  return {
    push(chunk) {
      if (isTooFast(chunk.length)) {
        if (!isDropping) keep(DROPPED)
        isDropping = true
        return
      }
      if (splitter.push(chunk)) return
      keep(TRUNCATED)
      splitter = createLineSplitter(LINE_BYTES_MAX, takeLine)
    },
    note: keep,
    lines: () => [...kept],
  }
}

/** Terminal escapes and other control characters would act on the terminal of whoever reads the log. */
const plainText = (bytes: Buffer): string =>
  stripVTControlCharacters(bytes.toString('utf8')).replace(/(?!\t)\p{Cc}/gu, '')
