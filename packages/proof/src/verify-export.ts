import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { exitCodes, type VerifyReport } from './report.ts'
import { createVerifier, type VerifyOptions } from './verifier.ts'

const LINE_BYTES_MAX = 8 * 1024 * 1024
const LINE_FEED = 0x0a

/**
 * Verifies an export directory: its `*.jsonl` files in the order of their names. Needs no database, no network and no
 * key but public ones; reads as a stream.
 */
export async function verifyExport(
  directory: string,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).toSorted()
    const verifier = createVerifier(options)
    for (const name of names) {
      for await (const line of linesOf(join(directory, name))) verifier.push(line)
    }
    return verifier.finish()
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'the export cannot be read'
    const nothing = { logs: [], openIntents: { count: 0, first: [] }, unproven: [] }
    return { verdict: 'unusable', exitCode: exitCodes.unusable, problem, ...nothing }
  }
}

/** Splits at line feeds and nothing else; bytes after the last one are a line too. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = Buffer.alloc(0)
  for await (const chunk of createReadStream(path)) {
    rest = Buffer.concat([rest, chunk])
    let start = 0
    for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED, start)) {
      yield decode(rest.subarray(start, end))
      start = end + 1
    }
    rest = rest.subarray(start)
    if (rest.length > LINE_BYTES_MAX) throw new RangeError('a line is longer than 8 MiB')
  }
  if (rest.length > 0) yield decode(rest)
}

/** Bytes that are no UTF-8 become a character that no record holds. */
const decode = (line: Buffer): string => line.toString('utf8')
