import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { z } from 'zod'

/** The part of both official clients that the tests use, so that each journey is written once. */
export type TestClient = AsyncDisposable & {
  readonly generation: 'sdk v1' | 'client v2'
  /** Every byte that came back over the wire, as text. */
  received: () => string
  toolNames: () => Promise<readonly string[]>
  call: (name: string, args: Record<string, unknown>, timeoutMs?: number) => Promise<ToolAnswer>
}

export type ToolAnswer = Readonly<{
  text: string
  isError: boolean
  meta: Readonly<Record<string, unknown>>
}>

const INFO = { name: 'peta-test', version: '1.0.0' }

export async function connectClient(
  generation: TestClient['generation'],
  url: string,
  token: string,
  path = '/mcp',
): Promise<TestClient> {
  const wire = recordingFetch()
  const requestInit = { headers: { Authorization: `Bearer ${token}` } }
  const options = { fetch: wire.fetch, requestInit }
  const connect = generation === 'sdk v1' ? connectLegacy : connectModern
  return { generation, received: wire.received, ...(await connect(new URL(path, url), options)) }
}

type Wire = Readonly<{ fetch: typeof fetch; requestInit: RequestInit }>
type Connected = Omit<TestClient, 'generation' | 'received'>

async function connectLegacy(address: URL, wire: Wire): Promise<Connected> {
  const client = new LegacyClient(INFO)
  await client.connect(new LegacyTransport(address, wire))
  return {
    toolNames: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (name, args, timeout = 60_000) =>
      answerOf(await client.callTool({ name, arguments: args }, undefined, { timeout })),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

async function connectModern(address: URL, wire: Wire): Promise<Connected> {
  const client = new ModernClient(INFO, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new ModernTransport(address, wire))
  return {
    toolNames: async () => (await client.listTools()).tools.map((tool) => tool.name),
    call: async (name, args, timeout = 60_000) =>
      answerOf(await client.callTool({ name, arguments: args }, { timeout })),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

/** Both generations' results, read alike. */
function answerOf(result: unknown): ToolAnswer {
  const { content, isError, _meta: meta } = ToolResult.parse(result)
  return { text: content.map((block) => block.text ?? '').join('\n'), isError, meta }
}

const ToolResult = z.looseObject({
  content: z.array(z.looseObject({ text: z.string().optional() })).default([]),
  isError: z.boolean().default(false),
  _meta: z.record(z.string(), z.unknown()).default({}),
})

function recordingFetch(): { fetch: typeof fetch; received: () => string } {
  const texts: string[] = []
  return {
    received: () => texts.join(''),
    async fetch(input, init) {
      const response = await fetch(input, init)
      const heads = [...response.headers].map(([name, value]) => `${name}: ${value}\n`).join('')
      texts.push(heads)
      if (!response.body) return response
      const [theirs, ours] = response.body.tee()
      void new Response(ours).text().then(
        (text) => texts.push(text),
        () => undefined,
      )
      return new Response(theirs, response)
    },
  }
}
