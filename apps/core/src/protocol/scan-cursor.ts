import { CoreError } from '../ground/errors.ts'
import type { Slot, Span } from '../model/frame.ts'

/** How strict a scan is: a client's bytes decide what runs, a server's are only relayed. */
export type ScanRules = Readonly<{
  depthMax: number
  /** For clients: odd-case twins, lone surrogates, control characters and long numbers are refused too. */
  isStrict: boolean
}>

/** Where a scan stands. One lives for one scan; the scanner's files share it and nobody else sees it. */
export type ScanCursor = {
  readonly bytes: Buffer
  readonly rules: ScanRules
  at: number
  depth: number
  /** Flags of all strings so far, and of the last one. */
  seen: number
  flags: number
  /** The next backslash, as far as one was looked for; kept, so that the text is searched only once. */
  backslashAt: number
  /** The last member name, without its quotes. */
  nameStart: number
  nameEnd: number
  /** Start and end of the member names of every open object, innermost last. */
  readonly names: number[]
  readonly spans: Partial<Record<Slot, Span>>
  lossyNumber: Span | undefined
}

/** A string held an escape. */
export const ESCAPED = 1
/** A string held a byte above 0x7f. */
export const WIDE = 2

/** The text is not JSON at all. */
export const notJson = (problem: string, cause?: unknown): CoreError =>
  new CoreError('not_json', { problem }, { cause })

/** The text is JSON, but not JSON that every parser reads the same way. */
export const refused = (problem: string): CoreError => new CoreError('frame_invalid', { problem })
