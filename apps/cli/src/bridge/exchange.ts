import {
  type Agent,
  type IncomingMessage,
  request as requestHttp,
  type RequestOptions,
} from 'node:http'
import { request as requestHttps } from 'node:https'

/** One HTTP request to Core. */
export type Exchange = Readonly<{
  /** Resolves when the request has left this process, or never will. It does not reject. */
  sent: Promise<void>
  /** @throws ExchangeError */
  response: Promise<IncomingMessage>
}>

/** Core did not answer. `mayHaveArrived` is false when there was no connection to send anything by. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError'
  readonly mayHaveArrived: boolean

  constructor(mayHaveArrived: boolean, options: ErrorOptions) {
    super('Core did not answer', options)
    this.mayHaveArrived = mayHaveArrived
  }
}

export type Outgoing = Readonly<{
  method: 'POST' | 'GET' | 'DELETE'
  headers: Readonly<Record<string, string>>
  body?: Buffer
  signal?: AbortSignal
  agent: Agent
}>

/**
 * Plain HTTP, because a call may wait for a person longer than `fetch` waits for headers. Redirects are answers like
 * any other: the token goes nowhere else.
 */
export function exchange(address: URL, { body, ...outgoing }: Outgoing): Exchange {
  const sent = Promise.withResolvers<void>()
  const response = Promise.withResolvers<IncomingMessage>()
  let isConnected = false
  const options: RequestOptions = {
    ...outgoing,
    headers: { ...outgoing.headers, ...(body && { 'Content-Length': String(body.length) }) },
  }
  const request = (address.protocol === 'https:' ? requestHttps : requestHttp)(address, options)
  request.on('socket', (socket) => {
    const isSecure = address.protocol === 'https:'
    if (socket.connecting)
      socket.once(isSecure ? 'secureConnect' : 'connect', () => (isConnected = true))
    else isConnected = true
  })
  request.on('finish', () => sent.resolve())
  request.on('close', () => sent.resolve())
  request.on('response', response.resolve)
  request.on('error', (cause) => response.reject(new ExchangeError(isConnected, { cause })))
  request.end(body)
  return { sent: sent.promise, response: response.promise }
}
