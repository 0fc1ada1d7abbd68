import { expect, it } from 'vitest'

import {
  modernReply,
  sendJson,
  startHttpServer,
  type SeenRequest,
} from '../../../../tests/support/http-server.ts'
import { admin, httpDefinition, openTestRuntime, WORKSPACE } from './testing.ts'

const PAGE = 'ui://panel'
const tool = {
  name: 'show',
  inputSchema: { type: 'object' },
  _meta: { ui: { resourceUri: PAGE } },
}

/** A modern server with a tool whose page it reads as `page` says. */
const serving = (page: { text: string; csp?: object; gone?: true }) =>
  startHttpServer(({ message: { id, method } }, response) => {
    const send = (body: object): void => sendJson(response, 200, { jsonrpc: '2.0', id, ...body })
    const result = (body: object): void => send({ result: { resultType: 'complete', ...body } })
    if (method === 'server/discover') {
      return result({
        supportedVersions: ['2026-07-28'],
        capabilities: { tools: {}, resources: {} },
      })
    }
    if (method === 'tools/list') return result({ tools: [tool, { ...tool, name: 'again' }] })
    if (method === 'resources/read') {
      if (page.gone) return send({ error: { code: -32_602, message: 'gone' } })
      const meta = page.csp && { _meta: { ui: { csp: page.csp } } }
      const mimeType = 'text/html;profile=mcp-app'
      return result({ contents: [{ uri: PAGE, mimeType, text: page.text, ...meta }] })
    }
    result({ resources: [], resourceTemplates: [] })
  })

const opened = async (page: Parameters<typeof serving>[0]) => {
  const host = await serving(page)
  const test = await openTestRuntime()
  const { id } = await test.runtime.install(admin, httpDefinition(host.url))
  await test.runtime.refresh(WORKSPACE, id)
  return {
    test,
    id,
    app: () => test.runtime.items(WORKSPACE, id).find(({ item }) => item.kind === 'app')?.item,
    accept: () => test.runtime.accept(admin, id, { items: 'all', labels: [] }),
    read: () => test.call(id, PAGE, {}, { action: 'resource.read' }),
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]()
      await host[Symbol.asyncDispose]()
    },
  }
}

it('shows the page of an app for review once, with what it asks to reach and not its code (MCP-140)', async () => {
  await using server = await opened({
    text: '<b>hi</b>',
    csp: { connectDomains: ['https://x.test'] },
  })
  const found = server.app()
  expect(found).toMatchObject({ name: PAGE, state: 'quarantined', exposed: 'ui://test/panel' })
  expect(found?.definition).toContain('https://x.test')
  expect(found?.definition).toContain(found?.pin)
  expect(found?.definition).not.toContain('<b>')
})

it('reads a page as what was accepted, and as nothing else (MCP-140, SEC-80)', async () => {
  const page = { text: '<b>hi</b>' }
  await using server = await opened(page)
  await server.accept()
  expect(JSON.stringify((await server.read()).message)).toContain('<b>hi</b>')
  page.text = '<script>other()</script>'
  await expect(server.read()).rejects.toMatchObject({ code: 'definition_changed' })
  await server.test.runtime.refresh(WORKSPACE, server.id)
  expect(server.app()?.state).toBe('changed')
  await server.accept()
  expect(JSON.stringify((await server.read()).message)).toContain('other()')
})

it('counts what a page may reach as part of it (MCP-140)', async () => {
  const page: Parameters<typeof serving>[0] = { text: '', csp: { connectDomains: [] } }
  await using server = await opened(page)
  await server.accept()
  page.csp = { connectDomains: ['https://evil.test'] }
  await expect(server.read()).rejects.toMatchObject({ code: 'definition_changed' })
})

it('offers a page to read that its server lists nowhere, and only once it was accepted (MCP-140)', async () => {
  await using server = await opened({ text: 'x' })
  const offered = () =>
    server.test.runtime
      .catalogue(WORKSPACE)
      .entries.filter(({ item }) => item.kind === 'resource')
      .map(({ item, isUnlisted }) => [item.name, item.state, isUnlisted])
  expect(offered()).toEqual([[PAGE, 'quarantined', true]])
  await server.accept()
  expect(offered()).toEqual([[PAGE, 'accepted', true]])
})

it('relays what a server says instead of a page, and lists tools whose page cannot be read', async () => {
  const page: Parameters<typeof serving>[0] = { text: 'x' }
  await using server = await opened(page)
  await server.accept()
  page.gone = true
  expect((await server.read()).isError).toBe(true)
  await server.test.runtime.refresh(WORKSPACE, server.id)
  expect(server.app()?.state).toBe('gone')
  const tools = server.test.runtime
    .items(WORKSPACE, server.id)
    .filter(({ item }) => item.kind === 'tool')
  expect(tools.map(({ item }) => item.state)).toEqual(['accepted', 'accepted'])
})

it('tells a modern server with each call whether its client shows apps, and always for lists (MCP-55)', async () => {
  const declared = (request: SeenRequest | undefined): unknown => {
    const meta = Object(request?.message.params?.['_meta'])
    return meta['io.modelcontextprotocol/clientCapabilities']
  }
  await using server = await startHttpServer(modernReply())
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const extensions = { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } }
  expect(declared(server.seen.at(-1))).toEqual({ extensions })
  await test.call(id, 'echo')
  expect(declared(server.seen.at(-1))).toEqual({})
  await test.call(id, 'echo', {}, { showsApps: true })
  expect(declared(server.seen.at(-1))).toEqual({ extensions })
})
