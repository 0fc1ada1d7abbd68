import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { connectClient } from '../support/clients.ts'
import { startTestCore, type TestCore } from '../support/core.ts'
import { watchEvents, type Watcher } from '../support/event-stream.ts'
import { becomeOwner, type Owner } from '../support/owner.ts'
import { officialServers } from '../support/processes.ts'

const RULES = `
rules:
  - id: agents-inherit
    scope: { principals: ["agent-label:owned"], actions: [tool.call], resources: [any] }
    effect: allow
  - id: writes-ask
    scope: { principals: [any], actions: [tool.call], resources: ["label:write"] }
    effect: require_approval
`

let core: TestCore
let owner: Owner
let files: string

beforeAll(async () => {
  core = await startTestCore()
  owner = await becomeOwner(core)
  files = join(core.home, 'files')
  await mkdir(files)
  const { peta, workspace } = owner
  const params = { workspace }
  const launch = {
    kind: 'stdio' as const,
    command: process.execPath,
    args: [officialServers.filesystem, files],
  }
  const { id: server } = await peta.call('servers.install', {
    params,
    body: { slug: 'files', launch },
  })
  await peta.call('items.accept', {
    params: { workspace, server },
    body: { items: [{ kind: 'tool', name: 'write_file' }], labels: ['write'] },
  })
  await peta.call('policy.publish', { params, body: { source: RULES, base: 1 } })
})

afterAll(() => core?.[Symbol.asyncDispose]())

/** A session of its own, which a test may end. */
async function signIn(): Promise<string> {
  expect(await core.cli(['login'])).toMatchObject({ code: 0 })
  return JSON.parse(await readFile(join(core.home, 'config/peta/session.json'), 'utf8')).token
}

const watch = async (token: string, lastEventId?: string): Promise<Watcher> =>
  watchEvents(core.url, { workspace: owner.workspace, token }, lastEventId)

const isType = (type: string) => (event: { type: string }) => event.type === type

it('shows an approval as soon as it is asked for, and what becomes of it (APR-55)', async () => {
  const { peta, workspace } = owner
  using watcher = await watch(await signIn())
  const agent = await peta.call('agents.create', {
    params: { workspace },
    body: { name: 'writer' },
  })
  const { token } = await peta.call('tokens.issue', {
    params: { workspace, agent: agent.id },
    body: {},
  })
  await using client = await connectClient('client v2', core.url, token)
  const call = client.call('files__write_file', { path: join(files, 'a.txt'), content: 'a' })
  const asked = (await watcher.until(isType('approval.requested'))).at(-1)

  const { items } = await peta.call('approvals.list', { params: { workspace } })
  const approval = items[0]?.id ?? ''
  expect(asked?.approval).toMatchObject({ id: approval, code: items[0]?.code })
  const card = await peta.call('approvals.read', { params: { workspace, approval } })
  await peta.call('approvals.vote', {
    params: { workspace, approval },
    body: { vote: 'yes', bind: card.bind },
  })
  const seen = await watcher.until(isType('approval.completed'))
  expect(seen.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['approval.approved', 'approval.executing', 'approval.completed']),
  )
  expect(await call).toMatchObject({ isError: false })
})

it('goes on where a watcher was, also over a restart of Core, without a gap or a repetition', async () => {
  const { peta, workspace } = owner
  const token = await signIn()
  const create = (name: string) =>
    peta.call('agents.create', { params: { workspace }, body: { name } })
  const first = await watch(token)
  const one = await create('one')
  const last = (await first.until(({ target }) => target === one.id)).at(-1)
  first[Symbol.dispose]()

  const two = await create('two')
  await core.stop()
  await core.start()
  const three = await create('three')
  await core.kill()
  await core.start()
  const four = await create('four')

  using again = await watch(token, last?.id)
  const seen = await again.until(({ target }) => target === four.id)
  const agents = seen.filter(isType('agent.created')).map(({ target }) => target)
  expect(agents).toEqual([two.id, three.id, four.id])

  const { items } = await peta.call('audit.list', { params: { workspace }, query: { limit: 200 } })
  const recorded = items.map(({ type }) => type).toReversed()
  const all = seen.map(({ type }) => type)
  expect(recorded.join(' ')).toContain(all.join(' '))
})

it('ends when the session is ended (IDN-20)', async () => {
  const token = await signIn()
  using watcher = await watch(token)
  expect(await core.cli(['logout'])).toMatchObject({ code: 0 })
  await watcher.ended()
  await expect(watch(token)).rejects.toThrow('401')
})

it('does not keep Core from stopping', async () => {
  using watcher = await watch(await signIn())
  const stopped = core.stop()
  await watcher.ended()
  expect(await stopped).toBe(0)
  await core.start()
})
