import type { Writable } from 'node:stream'

import { CoreError } from '../../ground/errors.ts'

const NEWLINE = Buffer.from('\n')

/** Writes lines to a child, never more than it takes. */
export type LineWriter = Readonly<{
  /** @throws CoreError `server_busy` when the child does not read; nothing was queued then */
  write: (line: Buffer) => void
}>

/**
 * Lines of one turn of the event loop leave in one system call (H12). What a stalled child has not read is bounded by
 * `bytesMax`, so that it cannot fill our memory (RUN-11).
 */
export function createLineWriter(pipe: Writable, server: string, bytesMax: number): LineWriter {
  let isCorked = false

  function flush(): void {
    isCorked = false
    pipe.uncork()
  }

  return {
    write(line) {
      if (pipe.writableLength + line.length > bytesMax) {
        throw new CoreError('server_busy', { server, retryAfterS: 1 })
      }
      if (!isCorked) {
        isCorked = true
        pipe.cork()
        setImmediate(flush)
      }
      pipe.write(line)
      pipe.write(NEWLINE)
    },
  }
}
