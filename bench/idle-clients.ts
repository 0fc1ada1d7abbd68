import { Agent, request, type IncomingMessage } from 'node:http'

import { openSession } from './subject.ts'

/** Clients of Core that are there and ask nothing, spread over the agents whose tokens are given. */
export type IdleClients = Readonly<{
  openSessions: (count: number) => Promise<void>
  /** Opens streams that tell of changed lists; gives how to hang up. */
  openStreams: (count: number) => Promise<() => void>
  /** A client that comes, opens a session, ends it and hangs up. */
  comeAndGo: () => Promise<void>
}>

const AT_ONCE = 16
const MODERN = '2026-07-28'

export function createIdleClients(port: number, tokens: readonly string[]): IdleClients {
  const url = `http://127.0.0.1:${port}/mcp`
  const bearer = (at: number) => ({ authorization: `Bearer ${tokens[at % tokens.length]}` })

  return {
    openSessions: (count) =>
      inTurns(count, async (at) => void (await openSession(url, bearer(at)))),
    async openStreams(count) {
      const agent = new Agent({ keepAlive: false, maxSockets: Infinity })
      await inTurns(count, (at) => listenTo(url, { headers: bearer(at), agent }))
      return () => agent.destroy()
    },
    async comeAndGo() {
      const gone = { ...bearer(0), connection: 'close' }
      const headers = await openSession(url, gone)
      const ended = await fetch(url, { method: 'DELETE', headers })
      await ended.arrayBuffer()
      if (!ended.ok) throw new Error(`a session did not end: ${ended.status}`)
    },
  }
}

async function inTurns(count: number, run: (at: number) => Promise<void>): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) await run(at)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

type Way = Readonly<{ headers: Readonly<Record<string, string>>; agent: Agent }>

/** Resolves when the stream has said that it listens; whatever comes later is left unread. */
async function listenTo(url: string, { headers, agent }: Way): Promise<void> {
  const method = 'subscriptions/listen'
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const params = { notifications: { toolsListChanged: true }, _meta }
  const answer = await new Promise<IncomingMessage>((done, fail) => {
    const sent = request(url, {
      method: 'POST',
      agent,
      headers: {
        ...headers,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': MODERN,
        'mcp-method': method,
      },
    })
    sent.on('response', done).on('error', fail)
    sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
  })
  answer.on('error', () => undefined)
  if (answer.statusCode !== 200) throw new Error(`a stream did not open: ${answer.statusCode}`)
  await new Promise((done) => answer.once('data', done))
}
