import type { IncomingMessage } from 'node:http'

import { reportOf } from '../report.ts'
import { ExchangeError } from './exchange.ts'
import { encodeError, readMembersOf, type MessageId, type RpcError } from './message.ts'

/** As large as a request to Core may be. */
export const MESSAGE_BYTES_MAX = 1024 * 1024

/** What the bridge itself answers. Codes are those that Core uses for the same. */
export const failures = {
  notJson: { code: -32_700, message: 'The line is not JSON' },
  tooLong: {
    code: 4130,
    message: 'The message is larger than Peta takes',
    data: { bytesMax: MESSAGE_BYTES_MAX },
  },
  idInUse: { code: -32_600, message: 'A request with this id is still open' },
  broken: {
    code: 5041,
    message:
      'The connection to Peta broke before the answer came. The request may have run: check before you repeat it.',
  },
} as const satisfies Record<string, RpcError>

/** Why a request has no answer. `error` is of the exchange, or of getting a token for it. */
export function failureOf(error: unknown, address: URL): RpcError {
  if (!(error instanceof ExchangeError)) return { code: 4010, message: reportOf(error).text }
  if (error.mayHaveArrived) return failures.broken
  return {
    code: 5030,
    message: `Peta cannot be reached at ${address.origin}, so nothing ran. Start it, for example with: peta start`,
  }
}

/** A refusal of Core under the id of the request it refused: Core cannot say it before it has read the message. */
export function refusalFor(id: MessageId, response: IncomingMessage, body: Buffer): Buffer {
  const { code, message, data } = readMembersOf(body, 'error')
  const status = response.statusCode ?? 0
  return encodeError(id, {
    code: typeof code === 'number' ? code : (codes[status] ?? -32_603),
    message: typeof message === 'string' ? message : `Peta answered with HTTP status ${status}`,
    ...(data !== undefined && { data }),
  })
}

/** For refusals without a body. */
const codes: Readonly<Record<number, number>> = {
  401: 4010,
  403: 4031,
  404: 4040,
  413: 4130,
  429: 4290,
}
