import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { connectClient } from '../support/clients.ts'
import { startTestCore, type TestCore } from '../support/core.ts'
import { installServer } from '../support/everything-runs.ts'
import { becomeOwner, type Owner, publishRules } from '../support/owner.ts'
import { officialServers } from '../support/processes.ts'

const RULES = `
rules:
  - id: reading
    scope: { principals: [any], actions: [tool.call], resources: ["tool:files/read_*", "tool:files/list_*", "server:other"] }
    effect: allow
`
const generations = ['sdk v1', 'client v2'] as const

let core: TestCore
let owner: Owner
let token: string

beforeAll(async () => {
  core = await startTestCore()
  owner = await becomeOwner(core)
  await core.cli(['login'])
  const args = [officialServers.filesystem, core.home]
  for (const slug of ['files', 'other']) {
    await installServer(owner, slug, { kind: 'stdio', command: process.execPath, args })
  }
  await publishRules(owner, RULES)
  await peta('agent', 'create', 'claude')
  token = await peta('token', 'issue', 'claude')
})

afterAll(() => core?.[Symbol.asyncDispose]())

async function peta(...words: readonly string[]): Promise<string> {
  const result = await core.cli(words)
  expect({ words, ...result }).toMatchObject({ code: 0 })
  return result.stdout.trim()
}

const connect = (generation: (typeof generations)[number], path: string) =>
  connectClient(generation, core.url, token, path)

const status = async (path: string, bearer: string): Promise<number> => {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
  return (await fetch(`${core.url}${path}`, { method: 'POST', headers, body: '{}' })).status
}

describe.each(generations)('for %s, a profile', (generation) => {
  const name = `small-${generation.endsWith('1') ? 'one' : 'two'}`

  it('has its part of what the rules allow, by the names that were chosen (MCP-110, MCP-111)', async () => {
    const chosen = ['--server', 'files', '--tool', 'files/read_*', '--tool', 'files/write_file']
    await peta('profile', 'create', name, ...chosen, '--unprefixed', 'files')
    await using client = await connect(generation, `/mcp/${name}`)
    const names = await client.toolNames()
    expect(names).toContain('read_text_file')
    expect(names.every((tool) => tool.startsWith('read_'))).toBe(true)
    const answer = await client.call('read_text_file', { path: `${core.home}/data/peta/host.key` })
    expect(answer.isError).toBe(false)
    for (const other of ['write_file', 'list_directory', 'files__read_text_file']) {
      await expect(client.call(other, { path: core.home })).rejects.toMatchObject({ code: -32602 })
    }
  })

  it('changes without a new connection', async () => {
    await using client = await connect(generation, `/mcp/${name}`)
    await peta('profile', 'change', name, '--tool', 'files/list_directory', '--no-unprefixed')
    expect(await client.toolNames()).toEqual(['files__list_directory'])
  })

  it('lets its tools be searched for, described and called instead of listing them (MCP-145)', async () => {
    const few = ['--disclosure', 'search', '--favourite', 'files/read_text_file']
    await peta('profile', 'change', name, '--all-tools', ...few)
    await using client = await connect(generation, `/mcp/${name}`)
    expect(await client.toolNames()).toEqual([
      'files__read_text_file',
      'peta__call_tool',
      'peta__describe_tool',
      'peta__search_tools',
    ])
    const found = await client.call('peta__search_tools', { query: 'list a directory' })
    expect(found.text).toContain('files__list_directory:')
    expect(found.text).not.toContain('write_file')
    const described = await client.call('peta__describe_tool', { name: 'files__list_directory' })
    expect(JSON.parse(described.text)).toMatchObject({ name: 'files__list_directory' })
    const inner = { name: 'files__list_directory', arguments: { path: core.home } }
    expect((await client.call('peta__call_tool', inner)).text).toContain('[DIR] data')
    const hidden = client.call('peta__call_tool', { name: 'files__write_file', arguments: {} })
    await expect(hidden).rejects.toMatchObject({ code: -32602 })
  })

  it('fixes arguments that its clients then neither see nor send (MCP-110)', async () => {
    await peta('profile', 'change', name, '--disclosure', 'list', '--tool', 'files/list_directory')
    const tool = 'files/list_directory'
    await peta('profile', 'override', name, tool, '--title', 'Home', '--pin', `path=${core.home}`)
    await using client = await connect(generation, `/mcp/${name}`)
    expect((await client.call('files__list_directory', {})).text).toContain('[DIR] data')
    const elsewhere = client.call('files__list_directory', { path: '/' })
    await expect(elsewhere).rejects.toMatchObject({ code: -32602 })
    await peta('profile', 'override', name, tool, '--remove')
    await expect(client.call('files__list_directory', {})).rejects.toMatchObject({ code: -32602 })
  })

  it('is gone when it is removed, and its name stays taken', async () => {
    await peta('profile', 'remove', name)
    expect(await status(`/mcp/${name}`, token)).toBe(404)
    expect(await core.cli(['profile', 'create', name])).toMatchObject({ code: 1 })
  })
})

it('has tokens that are good for it alone (MCP-112)', async () => {
  await peta('profile', 'create', 'bound')
  await peta('profile', 'create', 'unbound')
  const bound = await peta('token', 'issue', 'claude', '--profile', 'bound')
  expect(await status('/mcp/bound', bound)).toBe(400)
  for (const path of ['/mcp', '/mcp/unbound']) expect(await status(path, bound)).toBe(401)
  for (const path of ['/mcp', '/mcp/unbound']) expect(await status(path, token)).toBe(400)
  expect(await peta('token', 'list', 'claude')).toContain('bound')
  const refused = await core.cli(['token', 'issue', 'claude', '--profile', 'none'])
  expect(refused).toMatchObject({ code: 1, stdout: '' })
})

it('tells whoever comes without a token where to get one, for itself alone (MCP-177)', async () => {
  await peta('profile', 'create', 'described')
  for (const path of ['/mcp', '/mcp/described']) {
    const { status: refused, headers } = await fetch(`${core.url}${path}`, { method: 'POST' })
    const challenge = headers.get('www-authenticate') ?? ''
    const [, address = ''] = /^Bearer .*resource_metadata="([^"]+)"/.exec(challenge) ?? []
    expect({ refused, address }).toMatchObject({
      refused: 401,
      address: `${core.url}/.well-known/oauth-protected-resource${path}`,
    })
    expect(await (await fetch(address)).json()).toMatchObject({ resource: `${core.url}${path}` })
  }
})

it('has its address and its clashes in what the API says of it', async () => {
  const params = { workspace: owner.workspace }
  const body = { name: 'clashing', servers: ['files', 'other'], unprefixed: 'other' }
  const created = await owner.peta.call('profiles.create', { params, body })
  expect(created).toMatchObject({ clashes: [], url: `${core.url}/mcp/clashing` })
  const read = { ...params, profile: 'clashing' }
  expect(await owner.peta.call('profiles.read', { params: read })).toEqual(created)
})

it('leaves every change in the log', async () => {
  const params = { workspace: owner.workspace }
  const query = { type: 'profile.removed' as const }
  const { items } = await owner.peta.call('audit.list', { params, query })
  const removed = items.map(({ event }) => JSON.stringify(event))
  expect(removed).toHaveLength(2)
  for (const name of ['small-one', 'small-two']) {
    expect(removed.some((text) => text.includes(`"${name}"`))).toBe(true)
  }
})
