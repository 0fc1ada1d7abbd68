import { expect, it } from 'vitest'

import { legacyReply, sendJson, startHttpServer } from '../../../../../tests/support/http-server.ts'
import { httpDefinition, openTestRuntime, WORKSPACE } from '../testing.ts'

/** A modern server with two pages of tools, each of which says how long it may be kept. */
const pagesOf = (ttls: readonly unknown[]) =>
  startHttpServer(({ message: { id, method, params } }, response) => {
    const result = (body: object): void =>
      sendJson(response, 200, { jsonrpc: '2.0', id, result: { resultType: 'complete', ...body } })
    if (method === 'server/discover') {
      return result({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } })
    }
    const page = Number(params?.['cursor'] ?? 0)
    const tools = [{ name: `t${page}`, inputSchema: { type: 'object' } }]
    const nextCursor = page + 1 < ttls.length ? String(page + 1) : undefined
    result({ tools, ttlMs: ttls[page], cacheScope: 'public', nextCursor })
  })

it.each([
  [[60_000, 5000], 5000],
  [[86_400_000], 300_000],
  [[60_000, undefined], 0],
  [[60_000, 'long'], 0],
  [[-1], 0],
])(
  'keeps the shortest of what the pages of a list say, within bounds: %j (MCP-119)',
  async (ttls, tool) => {
    await using server = await pagesOf(ttls)
    await using test = await openTestRuntime()
    const id = await test.ready(httpDefinition(server.url))
    expect(test.runtime.catalogue(WORKSPACE).listTtls?.get(id)).toEqual({ tool })
  },
)

it('lets nothing of a legacy server be kept, and publishes only what changed (MCP-119)', async () => {
  await using server = await startHttpServer(legacyReply())
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const { listTtls, version } = test.runtime.catalogue(WORKSPACE)
  expect(listTtls?.get(id)).toEqual({ tool: 0 })
  await test.runtime.refresh(WORKSPACE, id)
  expect(test.runtime.catalogue(WORKSPACE).version).toBe(version)
})
