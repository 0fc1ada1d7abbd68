import { CoreError } from '../../ground/errors.ts'
import { fromErrorMessage } from '../store-error.ts'
import type { QueryName } from '../store.ts'
import type { FromReader, Read, ToReader } from './thread-messages.ts'

/** The callers' side of a reader's thread: it gathers the reads of a tick and hands rows to those who asked. */
export type ReadFront = Readonly<{
  read: (name: QueryName, args: unknown) => Promise<unknown>
  settle: (message: Extract<FromReader, { kind: 'rows' }>) => void
  abandon: (cause: unknown) => void
  waiting: () => number
}>

export type ReadFrontParts = Readonly<{ send: (message: ToReader) => void; nowMs: () => number }>

const READS_WAITING_MAX = 10_000

export function createReadFront({ send, nowMs }: ReadFrontParts): ReadFront {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let tick: Read[] = []
  let lastSeq = 0

  function flush(): void {
    const reads = tick
    tick = []
    send({ kind: 'read', reads })
  }

  function take(seq: number): PromiseWithResolvers<unknown> | undefined {
    const one = waiting.get(seq)
    waiting.delete(seq)
    return one
  }

  return {
    async read(name, args) {
      if (waiting.size >= READS_WAITING_MAX) throw new CoreError('store_busy')
      const seq = ++lastSeq
      const answer = Promise.withResolvers<unknown>()
      waiting.set(seq, answer)
      if (tick.push([seq, name, args, nowMs()]) === 1) setImmediate(flush)
      return answer.promise
    },
    settle({ results, errors }) {
      for (const [seq, result] of results) take(seq)?.resolve(result)
      for (const [seq, error] of errors) take(seq)?.reject(fromErrorMessage(error))
    },
    abandon(cause) {
      const error = new CoreError('store_unavailable', {}, { cause })
      for (const seq of waiting.keys()) take(seq)?.reject(error)
    },
    waiting: () => waiting.size,
  }
}
