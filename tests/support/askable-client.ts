import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'

/** An official client that answers what it is asked, as its user, its model and its folders would. */
export type AskableClient = AsyncDisposable &
  Readonly<{
    call: (name: string, args?: Record<string, unknown>) => Promise<string>
    /** What it was asked, in order. */
    asked: readonly string[]
  }>

export type Person = (message: string) => 'decline' | Record<string, string>

const INFO = { name: 'askable', version: '1.0.0' }
const CAPABILITIES = { elicitation: {}, sampling: {}, roots: {} }
const MODEL_SAYS = {
  role: 'assistant' as const,
  content: { type: 'text' as const, text: 'Paris' },
  model: 'test-model',
}
const ROOTS = { roots: [{ uri: 'file:///home/ana', name: 'Home' }] }

export async function connectAskable(
  generation: 'sdk v1' | 'client v2',
  address: Readonly<{ url: string; token: string }>,
  person: Person,
): Promise<AskableClient> {
  const asked: string[] = []
  const elicit = (params: { message: string }) => {
    asked.push(params.message)
    const content = person(params.message)
    return content === 'decline'
      ? { action: 'decline' as const }
      : { action: 'accept' as const, content }
  }
  const answers = {
    elicit,
    sample: () => (asked.push('model'), MODEL_SAYS),
    roots: () => (asked.push('roots'), ROOTS),
  }
  const connect = generation === 'sdk v1' ? connectLegacy : connectModern
  return { asked, ...(await connect(address, answers)) }
}

type Answers = Readonly<{
  elicit: (params: { message: string }) => ElicitAnswer
  sample: () => typeof MODEL_SAYS
  roots: () => typeof ROOTS
}>
type ElicitAnswer = { action: 'decline' } | { action: 'accept'; content: Record<string, string> }
type Address = Readonly<{ url: string; token: string }>
type Connected = Omit<AskableClient, 'asked'>

async function connectLegacy({ url, token }: Address, answers: Answers): Promise<Connected> {
  const client = new LegacyClient(INFO, { capabilities: CAPABILITIES })
  client.setRequestHandler(ElicitRequestSchema, async ({ params }) => answers.elicit(params))
  client.setRequestHandler(CreateMessageRequestSchema, async () => answers.sample())
  client.setRequestHandler(ListRootsRequestSchema, async () => answers.roots())
  const requestInit = { headers: { Authorization: `Bearer ${token}` } }
  await client.connect(new LegacyTransport(new URL('/mcp', url), { requestInit }))
  return {
    call: async (name, args = {}) => textOf(await client.callTool({ name, arguments: args })),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

async function connectModern({ url, token }: Address, answers: Answers): Promise<Connected> {
  const options = { versionNegotiation: { mode: 'auto' }, capabilities: CAPABILITIES } as const
  const client = new ModernClient(INFO, options)
  client.setRequestHandler('elicitation/create', async ({ params }) => answers.elicit(params))
  client.setRequestHandler('sampling/createMessage', async () => answers.sample())
  client.setRequestHandler('roots/list', async () => answers.roots())
  const requestInit = { headers: { Authorization: `Bearer ${token}` } }
  await client.connect(new ModernTransport(new URL('/mcp', url), { requestInit }))
  return {
    call: async (name, args = {}) => textOf(await client.callTool({ name, arguments: args })),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

const textOf = (result: unknown): string =>
  ToolResult.parse(result)
    .content.map(({ text }) => text ?? '')
    .join('\n')

const ToolResult = z.looseObject({
  content: z.array(z.looseObject({ text: z.string().optional() })),
})
