import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, it } from 'vitest'

import { exportedEntries } from '../support/exported-entries.ts'
import { openMcpEndpoint, type McpEndpoint } from '../support/mcp-endpoint.ts'
import { modernRequest } from '../support/modern-message.ts'
import { verifiedExport } from '../support/owner.ts'

let endpoint: McpEndpoint
let mark: string

beforeEach(async () => {
  endpoint = await openMcpEndpoint()
  mark = join(endpoint.core.home, 'mark.txt')
})
afterEach(() => endpoint[Symbol.asyncDispose]())

const marks = () => readFile(mark, 'utf8').catch(() => '')
const capabilities = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }

/** A call whose server leaves a mark, asks its client, and leaves another with what it was told. */
async function call(round: object = {}) {
  const args = { file: mark, params: { message: 'Sure?' } }
  const request = modernRequest(1, 'tools/call', { name: 'test__mark_and_ask', arguments: args })
  const _meta = { ...request.params._meta, ...capabilities }
  const params = { ...request.params, ...round, _meta }
  const { text } = await endpoint.sendModern({ ...request, params })
  return JSON.parse(text)
}

async function recordedTypes(): Promise<readonly (string | undefined)[]> {
  const { report, text } = await verifiedExport(endpoint.owner, endpoint.core.home)
  expect(report).toMatchObject({ verdict: 'verified', openIntents: { count: 0 } })
  return exportedEntries(text).map(({ type }) => type)
}

const answered = { inputResponses: { q1: { action: 'accept', content: {} } } }

it('says that a parked call was lost when Core was killed, runs it once, and records that nobody knows (MCP-66, MCP-68)', async () => {
  const { result } = await call()
  expect(result.resultType).toBe('input_required')
  await endpoint.core.kill()
  await endpoint.core.start()
  const { requestState } = result
  const { error } = await call({ requestState, ...answered })
  expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('lost') })
  expect(await marks()).toBe('asked ')
  expect(await recordedTypes()).toContain('call.outcome_unknown')
})

it('hands a parked call back as cancelled when it is told to stop, and records how it ended (MCP-70, MCP-68, MCP-177)', async () => {
  const { result } = await call()
  expect(await endpoint.core.stop()).toBe(0)
  expect(await marks()).toBe('asked {"action":"cancel"} ')
  await endpoint.core.start()
  const { error } = await call({ requestState: result.requestState, ...answered })
  expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('lost') })
  const types = await recordedTypes()
  expect(types).toContain('call.completed')
  expect(types).not.toContain('call.outcome_unknown')
})
