import { describe, expect, it } from 'vitest'

import type { Answer } from '../../model/question.ts'
import { createTestMcp, modernMeta, serverResult, type Script, type TestMcp } from '../testing.ts'

const textOf = (answer: Answer): string =>
  'result' in answer ? answer.result.toString() : answer.error.toString()

const form = {
  message: 'Who?',
  requestedSchema: {
    type: 'object',
    properties: { name: { type: 'string', minLength: 2 }, size: { enum: ['S', 'L'] } },
    required: ['name'],
  },
}
const asksForm: Script = async (_call, outlet) => {
  const params = Buffer.from(JSON.stringify(form))
  const answer = await outlet.askable?.ask({ method: 'elicitation/create', params })
  return serverResult({ content: [{ type: 'text', text: answer ? textOf(answer) : '' }] })
}

const meta = { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }

async function send(mcp: TestMcp, round: object = {}) {
  const params = { name: 'files__echo', arguments: { text: 'a' }, ...round }
  const reply = await mcp.ask('tools/call', params, { meta })
  const { result, error } = JSON.parse(String(reply.body))
  return { result, error }
}

describe('a call whose server asks by a form', () => {
  it.each([
    [{ action: 'accept', content: { name: 'A' } }, 'content/name must NOT have fewer than 2'],
    [{ action: 'accept', content: { name: 'Ana', size: 'M' } }, 'content/size'],
    [{ action: 'accept' }, "content must have required property 'name'"],
    [{ action: 'accept', content: ['Ana'] }, 'content must be object'],
    [{ action: 'maybe' }, 'action must be'],
    [{ content: { name: 'Ana' } }, 'action must be'],
  ])('takes no answer that is none, %j, and loses nothing by it (MCP-67)', async (q1, problem) => {
    const mcp = createTestMcp({}, asksForm)
    const { requestState } = (await send(mcp)).result
    const { error } = await send(mcp, { requestState, inputResponses: { q1 } })
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining(problem) })
    const right = { action: 'accept', content: { name: 'Ana', size: 'L' } }
    const { result } = await send(mcp, { requestState, inputResponses: { q1: right } })
    expect(JSON.parse(result.content[0].text)).toEqual(right)
  })

  it.each(['decline', 'cancel'])(
    'asks nothing more of one who says %s (MCP-67)',
    async (action) => {
      const mcp = createTestMcp({}, asksForm)
      const { requestState } = (await send(mcp)).result
      const { result } = await send(mcp, { requestState, inputResponses: { q1: { action } } })
      expect(JSON.parse(result.content[0].text)).toEqual({ action })
    },
  )

  it('asks by no form whose answers nothing could check (MCP-67, MCP-93)', async () => {
    const requestedSchema = { $schema: 'https://example.com/own', type: 'object' }
    const params = Buffer.from(JSON.stringify({ ...form, requestedSchema }))
    const mcp = createTestMcp({}, async (_call, outlet) => {
      const asked = outlet.askable?.ask({ method: 'elicitation/create', params })
      const text = await asked?.then(textOf, (error: Error) => error.message)
      return serverResult({ content: [{ type: 'text', text }] })
    })
    const { result } = await send(mcp)
    expect(result).toMatchObject({ resultType: 'complete', content: [{ text: 'params_invalid' }] })
  })
})
