import { Agent, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent } from 'node:https'

import { exchange, type Outgoing } from './exchange.ts'
import type { TokenSource } from './tokens.ts'

export type CoreRequest = Omit<Outgoing, 'agent'> & Readonly<{ onSent?: (() => void) | undefined }>

export type CoreLink = Disposable &
  Readonly<{
    /** @throws ExchangeError, or whatever the source of tokens throws */
    request: (request: CoreRequest) => Promise<IncomingMessage>
  }>

const UNAUTHENTICATED = 401

/** Authenticated requests to one address. */
export function createCoreLink(address: URL, tokens: TokenSource): CoreLink {
  const agent = new (address.protocol === 'https:' ? SecureAgent : Agent)({ keepAlive: true })

  function send(token: string, { onSent, ...request }: CoreRequest): Promise<IncomingMessage> {
    const headers = { ...request.headers, Authorization: `Bearer ${token}` }
    const { sent, response } = exchange(address, { ...request, headers, agent })
    if (onSent) void sent.then(onSent)
    return response
  }

  return {
    /** With a second token where Core refuses the first: what is refused so has not run. */
    async request(request) {
      const token = await tokens.current()
      const response = await send(token, request)
      if (response.statusCode !== UNAUTHENTICATED) return response
      const other = await tokens.instead(token)
      if (other === undefined) return response
      response.resume()
      return send(other, request)
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}
