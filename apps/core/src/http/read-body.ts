import type { IncomingMessage } from 'node:http'

import { CoreError } from '../ground/errors.ts'
import { AbortedError } from '../ground/abort.ts'

/**
 * The whole body as one buffer; a body that came in one chunk is that chunk. Reading stops at the limit, whatever
 * the headers promised.
 *
 * @throws CoreError `body_too_large`
 */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let length = 0

  const refuse = (): void => {
    request.removeAllListeners('data')
    request.resume()
    reject(new CoreError('body_too_large', { bytesMax }))
  }
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    refuse()
    return promise
  }
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > bytesMax) return refuse()
    chunks.push(chunk)
  })
  request.on('end', () => {
    const [first] = chunks
    resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks, length))
  })
  request.on('error', reject)
  request.on('close', () => {
    if (!request.complete) reject(new AbortedError('the client hung up while sending'))
  })
  return promise
}
