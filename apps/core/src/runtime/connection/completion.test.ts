import { expect, it } from 'vitest'

import { sendJson, startHttpServer } from '../../../../../tests/support/http-server.ts'
import type { ArmedCall } from '../../model/clearance.ts'
import { parseClientMessage } from '../../protocol/frame.ts'
import { arm, httpDefinition, openTestRuntime } from '../testing.ts'

const PROMPT = 'greet'
const TEMPLATE = 'note:///{name}'

const results: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: '2025-11-25',
    capabilities: { prompts: {}, resources: {}, completions: {} },
    serverInfo: { name: 'old', version: '1' },
  },
  'prompts/list': { prompts: [{ name: PROMPT, arguments: [{ name: 'who' }] }] },
  'resources/list': { resources: [] },
  'resources/templates/list': { resourceTemplates: [{ uriTemplate: TEMPLATE, name: 'Notes' }] },
  'completion/complete': { completion: { values: ['ana'] } },
}

const reply: Parameters<typeof startHttpServer>[0] = (
  { message: { id, method = '' } },
  response,
) => {
  const result = results[method]
  if (id === undefined) return void response.writeHead(202).end()
  if (!result) return void response.writeHead(400).end()
  const session = method === 'initialize' ? { 'mcp-session-id': 's-1' } : {}
  sendJson(response, 200, { jsonrpc: '2.0', id, result }, session)
}

/** An armed call of what a client asked, about the entry that the gateway found. */
function completing(armed: ArmedCall, params: object): ArmedCall {
  const message = { jsonrpc: '2.0', id: 1, method: 'completion/complete', params }
  const parsed = parseClientMessage(Buffer.from(JSON.stringify(message)))
  if (parsed.kind !== 'request') throw new Error('not a request')
  const call = { ...armed.clearance.call, frame: parsed.frame }
  return { ...armed, clearance: { ...armed.clearance, call } }
}

// What policy judged is the entry, by the type of the reference; a second member must not become the target instead.
it.each([
  [PROMPT, { type: 'ref/prompt', name: 'files__greet' }, { name: PROMPT }],
  [TEMPLATE, { type: 'ref/resource', uri: `peta.files+${TEMPLATE}` }, { uri: TEMPLATE }],
  [
    TEMPLATE,
    { type: 'ref/resource', uri: `peta.files+${TEMPLATE}`, name: 'files__greet' },
    { uri: TEMPLATE },
  ],
  [PROMPT, { type: 'ref/prompt', name: 'files__greet', uri: 'x:y' }, { name: PROMPT }],
])('asks a server for completions of %s by its own name (MCP-106)', async (name, ref, own) => {
  await using server = await startHttpServer(reply)
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const armed = arm(test.runtime, id, name, {}, { action: 'completion.get' })
  const rest = {
    argument: { name: 'who', value: 'files__greet' },
    context: { arguments: { a: 'b' } },
  }
  const call = completing(armed, { ref, ...rest })
  const answer = await test.runtime.run(call, { notify() {} }, new AbortController().signal)
  expect(answer.isError).toBe(false)
  const asked = server.seen.filter(({ message }) => message.method === 'completion/complete')
  expect(asked.map(({ message }) => message.params)).toEqual([{ ref: { ...ref, ...own }, ...rest }])
})
