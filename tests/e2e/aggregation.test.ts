import { afterEach, beforeEach, expect, it } from 'vitest'

import { startTestCore, type TestCore } from '../support/core.ts'
import { connectFreeAgent, installServer } from '../support/everything-runs.ts'
import { modernReply, startHttpServer } from '../support/http-server.ts'
import { becomeOwner, issueToken, type Owner } from '../support/owner.ts'
import { connectWire, REVISIONS, type WireClient } from '../support/wire-client.ts'

let lifetime: AsyncDisposableStack
let core: TestCore
let owner: Owner
/** The server that answers with nothing but an error page. */
let broken: string | undefined

beforeEach(async () => {
  lifetime = new AsyncDisposableStack()
  broken = undefined
  core = lifetime.use(await startTestCore())
  owner = await becomeOwner(core)
  for (const slug of ['mail', 'notes']) {
    const reply = modernReply()
    const server = await startHttpServer((request, response) =>
      broken === slug ? void response.writeHead(500).end() : reply(request, response),
    )
    lifetime.use(server)
    await installServer(owner, slug, { kind: 'http', url: server.url, allowLoopback: true })
  }
  lifetime.use(await connectFreeAgent(owner, core))
})
afterEach(() => lifetime.disposeAsync())

async function readAgain(slug: string): Promise<void> {
  const { peta, workspace } = owner
  const { items } = await peta.call('servers.list', { params: { workspace }, query: {} })
  const server = items.find((one) => one.slug === slug)?.id ?? ''
  await peta.call('servers.refresh', { params: { workspace, server } }).catch(() => undefined)
}

async function listedBy(client: WireClient) {
  const { result } = await client.request('tools/list')
  const { tools, _meta: meta } = Object(result)
  const names: string[] = tools.map(({ name }: { name: string }) => name)
  return { names: names.filter((name) => !name.startsWith('peta__')), meta: Object(meta) }
}

it('one list of two servers names the one that fails and what it listed last, and calls to the other go on (MCP-116, MCP-177)', async () => {
  const shared = { url: `${core.url}/mcp`, token: await issueToken(owner, 'reader') }
  for (const revision of REVISIONS) {
    const client = await connectWire({ ...shared, revision, capabilities: {} })
    const names = ['mail__echo', 'notes__echo']
    const before = await listedBy(client)
    expect(before.names).toEqual(names)
    expect(before.meta).not.toHaveProperty('io.peta/degraded')

    broken = 'mail'
    await readAgain('mail')
    const during = await listedBy(client)
    expect(during.names).toEqual(names)
    expect(during.meta).toMatchObject({ 'io.peta/degraded': ['mail'] })
    const { result } = await client.request('tools/call', { name: 'notes__echo', arguments: {} })
    expect(result).toMatchObject({ content: [{ text: 'hello' }] })

    broken = undefined
    await readAgain('mail')
    expect((await listedBy(client)).meta).not.toHaveProperty('io.peta/degraded')
  }
})
