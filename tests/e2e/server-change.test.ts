import { join } from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { startTestCore, type TestCore } from '../support/core.ts'
import { becomeOwner, type Owner } from '../support/owner.ts'
import { officialServers } from '../support/processes.ts'

let core: TestCore
let owner: Owner
let server: string

beforeAll(async () => {
  core = await startTestCore()
  owner = await becomeOwner(core)
  await core.cli(['login'])
  await peta(['server', 'add', 'files', '--', ...commandFor(core.home)])
  const { items } = await owner.peta.call('servers.list', { params: inWorkspace() })
  server = items[0]?.id ?? ''
})

afterAll(() => core?.[Symbol.asyncDispose]())

const inWorkspace = () => ({ workspace: owner.workspace })
const commandFor = (folder: string) => [process.execPath, officialServers.filesystem, folder]
const read = () => owner.peta.call('servers.read', { params: { ...inWorkspace(), server } })

async function peta(words: readonly string[], input?: string): Promise<string> {
  const result = await core.cli(words, input)
  expect({ words, ...result }).toMatchObject({ code: 0 })
  return result.stdout
}

it('gives a server another command under its name, as a new version that starts', async () => {
  const before = await read()
  const folder = join(core.home, 'data')
  const said = await peta(['server', 'change', 'files', '--', ...commandFor(folder)])
  expect(said).toContain('files is changed, version 2')
  await peta(['server', 'refresh', 'files'])
  const after = await read()
  expect(after).toMatchObject({
    version: 2,
    state: 'ready',
    launch: { args: [officialServers.filesystem, folder] },
  })
  expect(after.hash).not.toBe(before.hash)
  const changes = await owner.peta.call('audit.list', {
    params: inWorkspace(),
    query: { type: 'server.changed' },
  })
  expect(changes.items).toHaveLength(1)
})

it('makes no version of what is the same', async () => {
  const before = await read()
  await peta(['server', 'change', 'files', '--', ...commandFor(join(core.home, 'data'))])
  expect(await read()).toMatchObject({ version: before.version, hash: before.hash })
})

it('gives a changed server no secret until it is bound again (VLT-42)', async () => {
  const value = 'a-value-of-some-length'
  const bind = ['secret', 'bind', 'key', 'files', '--env', 'API_KEY']
  await peta(['secret', 'put', 'key'], value)
  await peta(bind, value)
  await peta(['server', 'refresh', 'files'])
  await peta(['server', 'change', 'files', '--', ...commandFor(core.home)])
  const refused = await core.cli(['server', 'refresh', 'files'])
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  await peta(bind, value)
  await peta(['server', 'refresh', 'files'])
})

it('wants to know what is to change', async () => {
  const params = { ...inWorkspace(), server }
  await expect(owner.peta.call('servers.change', { params, body: {} })).rejects.toMatchObject({
    code: 'invalid_request',
  })
})
