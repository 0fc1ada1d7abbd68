/**
 * The client that the official client suites judge: Peta, as a client of the suite's server. This adapter adds nothing
 * to it. It registers that server with a running Peta, then uses all that Peta shows of it, by HTTP alone.
 *
 * Run by the suite: PETA_UNDER_TEST=<ClientUnderTest as JSON> node tests/conformance/via-gateway.ts <server url>
 */
import { randomBytes } from 'node:crypto'

import { createPeta } from '@peta/sdk'
import { z } from 'zod'

import { connectWire, headerText, type WireClient } from '../support/wire-client.ts'
import type { ClientUnderTest } from './under-test.ts'

type Json = Readonly<Record<string, unknown>>

const Schema = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
})
const Lists = z.object({
  tools: z.array(z.object({ name: z.string(), inputSchema: z.looseObject({}) })).default([]),
  resources: z.array(z.object({ uri: z.string() })).default([]),
  prompts: z.array(z.object({ name: z.string() })).default([]),
})
type Tool = z.infer<typeof Lists>['tools'][number]

const SAMPLES: Readonly<Record<string, unknown>> = {
  string: 'text',
  number: 1.5,
  integer: 1,
  boolean: true,
  array: [],
  object: {},
}

const [, , serverUrl = ''] = process.argv
const revision =
  process.env['MCP_CONFORMANCE_PROTOCOL_VERSION'] === '2025-11-25' ? '2025-11-25' : '2026-07-28'
const given: ClientUnderTest = JSON.parse(process.env['PETA_UNDER_TEST'] ?? '')
const context: Readonly<{ toolCalls?: readonly { name: string; arguments: Json }[] }> = JSON.parse(
  process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}',
)

const peta = createPeta({ url: given.url, token: given.ownerToken })
const within = { workspace: given.workspace }
const slug = `s${randomBytes(6).toString('hex')}`
const launch = { kind: 'http', url: serverUrl, allowLoopback: true } as const
const { id: server, reason } = await peta.call('servers.install', {
  params: within,
  body: { slug, launch },
})
try {
  if (reason !== undefined) throw new Error(`not connected: ${reason}`)
  const client = await connectWire({
    ...(await openEndpoint()),
    revision,
    capabilities: { elicitation: {}, sampling: {}, roots: {} },
    answers: (_method, { requestedSchema }) => ({
      action: 'accept',
      content: sampleOf(requestedSchema),
    }),
  })
  await useAll(client)
} finally {
  // The suite waits until nobody is connected to it.
  await peta.call('servers.remove', { params: { ...within, server } })
}

/** Everything accepted, at a profile of its own that renames nothing. */
async function openEndpoint(): Promise<Readonly<{ url: string; token: string }>> {
  const accept = { items: 'all' as const, labels: ['read'] }
  await peta.call('items.accept', { params: { ...within, server }, body: accept })
  const profile = { name: slug, servers: [slug], unprefixed: slug }
  const { url } = await peta.call('profiles.create', { params: within, body: profile })
  const body = { profile: slug }
  const to = { ...within, agent: given.agent }
  const { token } = await peta.call('tokens.issue', { params: to, body })
  return { url, token }
}

async function useAll({ request }: WireClient): Promise<void> {
  const list = async (kind: keyof z.infer<typeof Lists>) =>
    Lists.parse((await request(`${kind}/list`)).result ?? {})
  const { tools } = await list('tools')
  for (const tool of tools) {
    const asked = context.toolCalls?.filter(({ name }) => name === tool.name)
    for (const call of asked ?? [{ arguments: argumentsOf(tool, tools) }]) {
      const args = withoutNulls(call.arguments)
      const params = { name: tool.name, arguments: args }
      await request('tools/call', params, { headers: paramHeadersOf(tool, args) })
    }
  }
  for (const { uri } of (await list('resources')).resources) {
    await request('resources/read', { uri })
  }
  for (const { name } of (await list('prompts')).prompts) {
    await request('prompts/get', { name })
  }
}

/** A null where the schema has a boolean does not pass Peta (POL-13); leaving the argument out says the same. */
function withoutNulls(args: Json): Json {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null))
}

/** One scenario asks for a tool's schema back as an argument. */
function argumentsOf({ name, inputSchema }: Tool, tools: readonly Tool[]): Json {
  const other = tools.find((tool) => tool.name !== name)
  return name === 'json_schema_echo' && other
    ? { schema: other.inputSchema }
    : sampleOf(inputSchema)
}

/** What a form would hold if its user changed nothing. */
function sampleOf(schema: unknown): Json {
  const { properties } = Schema.parse(schema)
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      property['default'] ?? SAMPLES[String(property['type'])],
    ]),
  )
}

function paramHeadersOf({ inputSchema }: Tool, args: Json): Readonly<Record<string, string>> {
  const { properties } = Schema.parse(inputSchema)
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, property]) => {
      const { [name]: value } = args
      const header = property['x-mcp-header']
      if (value === undefined || typeof header !== 'string') return []
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return [[`mcp-param-${header}`, headerText(text)]]
    }),
  )
}
