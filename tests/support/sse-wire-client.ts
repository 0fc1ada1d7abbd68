import { blocksOf } from './event-stream.ts'
import {
  CLIENT_INFO,
  messageIn,
  post,
  type RequestOptions,
  type WireClient,
  type WireClientOptions,
  type WireMessage,
} from './wire-client.ts'

type Waiting = Readonly<{
  answered: (answer: WireMessage) => void
  onMessage: NonNullable<RequestOptions['onMessage']>
}>

const REVISION = '2024-11-05'

/**
 * A client of 2024-11-05 over the transport of its time: a stream that brings everything, and an address to speak to.
 * No call can be left by hanging up, so `signal` is nothing to it.
 */
export async function connectSseWire(
  options: Omit<WireClientOptions, 'revision'>,
): Promise<WireClient> {
  const { capabilities, answers, token } = options
  const blocks = await openStream(options)
  const [, path = ''] = /^event: endpoint\ndata: (.*)$/.exec(await blocks.next()) ?? []
  const door = { url: new URL(path, options.url).href, token }
  const waiting = new Map<unknown, Waiting>()
  let lastId = 0

  async function send(message: WireMessage): Promise<void> {
    const { status } = await post(door, message, {})
    if (status !== 202) throw new Error(`a message was answered with ${status}`)
  }

  async function take(message: WireMessage): Promise<void> {
    const { id, method, params = {} } = message
    if (method === undefined) return waiting.get(id)?.answered(message)
    for (const { onMessage } of waiting.values()) onMessage(message)
    if (id !== undefined && answers) await send({ id, result: await answers(method, params) })
  }

  async function request(
    method: string,
    params: WireMessage['params'] = {},
    { onSent, onMessage = () => undefined }: RequestOptions = {},
  ): Promise<WireMessage> {
    lastId += 1
    const id = lastId
    const { promise, resolve } = Promise.withResolvers<WireMessage>()
    waiting.set(id, { answered: resolve, onMessage })
    await send({ id, method, params })
    onSent?.(id)
    return promise.finally(() => waiting.delete(id))
  }

  void blocks.each((block) => {
    const message = messageIn(block)
    if (message) void take(message)
  })
  const begin = { protocolVersion: REVISION, capabilities, clientInfo: CLIENT_INFO }
  await request('initialize', begin)
  const notify: WireClient['notify'] = (method, params) =>
    send({ method, ...(params && { params }) })
  await notify('notifications/initialized')
  return { revision: REVISION, request, notify }
}

async function openStream({ url, token }: Pick<WireClientOptions, 'url' | 'token'>) {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' }
  const { body, status } = await fetch(url, { headers })
  if (!body || status !== 200) throw new Error(`no stream: ${status}`)
  const blocks = blocksOf(body)
  return {
    next: async (): Promise<string> => String((await blocks.next()).value),
    async each(take: (block: string) => void): Promise<void> {
      for await (const block of blocks) take(block)
    },
  }
}
