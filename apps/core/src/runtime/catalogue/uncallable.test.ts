import { expect, it } from 'vitest'

import {
  legacyReply,
  modernReply,
  sendJson,
  startHttpServer,
} from '../../../../../tests/support/http-server.ts'
import { createLog } from '../../ground/log.ts'
import { admin, httpDefinition, openTestRuntime, WORKSPACE } from '../testing.ts'

const header = (name: string) => ({
  type: 'object',
  properties: { region: { type: 'string', 'x-mcp-header': name } },
})
const tools = [
  { name: 'good', inputSchema: header('Region') },
  { name: 'bad', inputSchema: header('') },
]

it.each([
  ['modern', modernReply, ['good'], ['bad']],
  ['legacy', legacyReply, ['bad', 'good'], []],
] as const)(
  'leaves a tool that nobody could call out of the list of a %s HTTP server, with a warning (MCP-54)',
  async (_era, replyOf, expected, missing) => {
    const reply = replyOf()
    await using server = await startHttpServer((request, response) => {
      const { id, method } = request.message
      if (method !== 'tools/list') return reply(request, response)
      const result = { resultType: 'complete', tools }
      sendJson(response, 200, { jsonrpc: '2.0', id, result })
    })
    const warned: { tool?: unknown }[] = []
    const log = Object.assign(createLog('silent'), {
      warn: (fields: object) => void warned.push(fields),
    })
    await using test = await openTestRuntime({ log })
    const { id } = await test.runtime.install(admin, httpDefinition(server.url))
    await test.runtime.refresh(WORKSPACE, id)
    const names = test.runtime.items(WORKSPACE, id).map(({ item }) => item.name)
    expect(names.toSorted()).toEqual(expected)
    expect(warned.map(({ tool }) => tool)).toEqual(missing)
  },
)
