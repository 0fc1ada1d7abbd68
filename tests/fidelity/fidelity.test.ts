import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { startTestCore, type TestCore } from '../support/core.ts'
import { installServer } from '../support/everything-runs.ts'
import { initialize } from '../support/modern-message.ts'
import { becomeOwner, issueToken, publishRules } from '../support/owner.ts'
import { rawRequest } from '../support/raw-post.ts'
import { answers, errors, requests, tools } from './corpus.ts'
import { type EchoServer, type Era, startEchoServer } from './echo-server.ts'
import { rawValue } from './raw-members.ts'
import { keptOfAnswer, keptOfRequest, keptOfTools } from './undo.ts'

const RULES = `
rules:
  - id: everything-runs
    scope: { principals: [any], actions: [tool.call], resources: [any] }
    effect: allow
`
const MODERN_META =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}'
const LEGACY_META = '"progressToken":"t"'
const CALL = requests['unknown members everywhere'] ?? ''
const DONE = '{"jsonrpc":"2.0","id":<ID>,"result":{"content":[]}}'
const eras = ['modern', 'legacy'] as const

describe.each(eras.flatMap((client) => eras.map((server) => [client, server] as const)))(
  'between a %s client and a %s server, but for the closed list of rewrites,',
  (clientEra, serverEra) => {
    let core: TestCore
    let server: EchoServer
    let send: (text: string, method?: string) => Promise<string>

    beforeAll(async () => {
      server = await startEchoServer(serverEra)
      core = await startTestCore()
      send = await connect(core, clientEra, server.url)
    })
    afterAll(async () => {
      await core?.[Symbol.asyncDispose]()
      await server?.[Symbol.asyncDispose]()
    })

    it.each(Object.entries(requests))(
      'a request keeps its bytes: %s (MCP-81, MCP-82)',
      async (_, template) => {
        server.answerWith(DONE)
        const sent = requestOf(template, clientEra)
        const answer = await send(sent)
        expect(rawValue(answer, 'error')).toBeUndefined()
        expect(keptOfRequest(server.lastCall())).toEqual(keptOfRequest(sent))
        expect(rawValue(server.lastCall(), 'params', 'name')).toBe('"echo"')
        expect(rawValue(answer, 'id')).toBe(ID)
      },
    )

    it.each(Object.entries(answers))(
      'an answer keeps its bytes: %s (MCP-81, MCP-82)',
      async (_, template) => {
        server.answerWith(template)
        const answer = await send(requestOf(CALL, clientEra))
        expect(keptOfAnswer(answer)).toEqual(keptOfAnswer(template))
        expect(rawValue(answer, 'id')).toBe(ID)
      },
    )

    it.each(errors)('an error $code keeps its message and data (MCP-83)', async (error) => {
      const rest = '"message":"\\u0061 b","data":{"z":1.0,"a":[1e0]},"x":-0'
      server.answerWith(`{"jsonrpc":"2.0","id":<ID>,"error":{"code":${error.code},${rest}}}`)
      const answer = await send(requestOf(CALL, clientEra))
      expect(rawValue(answer, 'error')).toBe(`{"code":${error[clientEra]},${rest}}`)
    })

    it.each([-32_020, -32_022])(
      'an error %i about our own hop stays here (MCP-83)',
      async (code) => {
        server.answerWith(`{"jsonrpc":"2.0","id":<ID>,"error":{"code":${code},"message":"theirs"}}`)
        const answer = await send(requestOf(CALL, clientEra))
        expect(rawValue(answer, 'error', 'code')).toBe('-32603')
        expect(answer).not.toContain('theirs')
      },
    )

    it('an unknown type of result reaches who may know it (MCP-81, MCP-84)', async () => {
      const template =
        '{"jsonrpc":"2.0","id":<ID>,"result":{"x":1.0,"resultType":"io.example\\/later"}}'
      server.answerWith(template)
      const answer = await send(requestOf(CALL, clientEra))
      const isKnown = clientEra === 'modern'
      expect(keptOfAnswer(answer).inner).toEqual(isKnown ? keptOfAnswer(template).inner : [])
      expect(rawValue(answer, 'error', 'code')).toBe(isKnown ? undefined : '-32603')
    })

    it('an unknown notice comes before the answer, as it is (MCP-81, MCP-153)', async () => {
      const notice =
        '{"x":1.0,"method":"notifications\\/io.example","jsonrpc":"2.0","params":{"y":[1e0]}}'
      server.answerWith(notice, notice, DONE)
      // A legacy client's events have ids to come back with, which are Peta's (MCP-35).
      const text = (await send(requestOf(CALL, clientEra))).replaceAll(/^id: .*\n/gm, '')
      const events = text.split('\n\n')
      expect(events.slice(0, 2)).toEqual([`data: ${notice}`, `data: ${notice}`])
      expect(events[2]).toContain(ID)
    })

    it('a definition keeps its bytes, in the order of the server', async () => {
      const meta = clientEra === 'modern' ? `"_meta":{${MODERN_META}}` : ''
      const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{${meta}}}`
      const listed = keptOfTools(await send(list, 'tools/list'))
      expect(listed).toEqual(keptOfTools(`{"result":{"tools":[${tools.join(',')}]}}`))
    })
  },
)

/** An id that a number would not bring back, and that has an escape. */
const ID = '"\\u0069d-1.0"'

function requestOf(template: string, era: Era): string {
  return template
    .replace('<ID>', ID)
    .replace('<NAME>', 'echo__echo')
    .replace('<META>', era === 'modern' ? MODERN_META : LEGACY_META)
}

/** Resolves with a way to send one request and get the text of its answer. */
async function connect(core: TestCore, era: Era, serverUrl: string) {
  const owner = await becomeOwner(core)
  await installServer(owner, 'echo', { kind: 'http', url: serverUrl, allowLoopback: true })
  await publishRules(owner, RULES)
  const token = await issueToken(owner)

  const post = (body: string, headers: Readonly<Record<string, string>>) =>
    rawRequest(`${core.url}/mcp`, {
      body,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
    })
  const begun = era === 'legacy' ? await post(JSON.stringify(initialize(1)), {}) : undefined
  const session = String(begun?.headers['mcp-session-id'])
  return async (body: string, method = 'tools/call'): Promise<string> => {
    const modern = {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(method === 'tools/call' && { 'mcp-name': 'echo__echo' }),
    }
    const legacy = { 'mcp-protocol-version': '2025-11-25', 'mcp-session-id': session }
    const reply = await post(body, era === 'modern' ? modern : legacy)
    return reply.text
  }
}
