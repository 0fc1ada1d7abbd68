import { expect, it } from 'vitest'

import { sendJson, startHttpServer } from '../../../../../tests/support/http-server.ts'
import {
  admin,
  arm,
  httpDefinition,
  itemNamed,
  member,
  openTestRuntime,
  stdioDefinition,
  WORKSPACE,
  type TestRuntime,
} from '../testing.ts'
import { systemTimers, type Timers } from '../../ground/timers.ts'

const failing = (code: string) => expect.objectContaining({ code })

const hurried: Timers = {
  after: (delayMs, run) => systemTimers.after(delayMs / 50, run),
  every: (periodMs, run) => systemTimers.every(periodMs / 50, run),
}

type Tool = Readonly<{ name: string; description?: string }>

/** A modern server whose tools a test can exchange, in pages of two. */
async function startCatalogue(first: readonly Tool[]) {
  const state = { tools: first, repeatCursor: false, lists: 0 }
  const server = await startHttpServer(({ message: { id, method, params } }, response) => {
    const result = (body: object): void =>
      sendJson(response, 200, { jsonrpc: '2.0', id, result: { resultType: 'complete', ...body } })
    if (method === 'server/discover') {
      return result({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } })
    }
    if (method !== 'tools/list') return result({ content: [{ type: 'text', text: 'ran' }] })
    state.lists += 1
    const from = Number(params?.['cursor'] ?? 0)
    const tools = state.tools.slice(from, from + 2).map((tool) => ({ inputSchema: {}, ...tool }))
    const next = state.repeatCursor ? from : from + 2
    const hasMore = state.repeatCursor || next < state.tools.length
    result({ tools, ...(hasMore && { nextCursor: String(next) }) })
  })
  return Object.assign(state, server)
}

const states = (test: TestRuntime, serverId: string) =>
  Object.fromEntries(
    test.runtime.items(WORKSPACE, serverId).map(({ item }) => [item.name, item.state]),
  )

it('offers nothing that nobody accepted, and everything that somebody did (POL-46)', async () => {
  await using server = await startCatalogue([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
  await using test = await openTestRuntime()
  const { id } = await test.runtime.install(admin, httpDefinition(server.url))
  await test.runtime.refresh(WORKSPACE, id)
  expect(states(test, id)).toEqual({ a: 'quarantined', b: 'quarantined', c: 'quarantined' })

  const versionBefore = test.runtime.catalogue(WORKSPACE).version
  const items = [{ kind: 'tool', name: 'a' }] as const
  expect(await test.runtime.accept(admin, id, { items, labels: ['write'] })).toBe(1)
  expect(await test.runtime.reject(admin, id, [{ kind: 'tool', name: 'b' }])).toBe(1)
  expect(states(test, id)).toEqual({ a: 'accepted', b: 'rejected', c: 'quarantined' })
  expect(itemNamed(test.runtime, id, 'a')).toMatchObject({
    exposed: 'test__a',
    labels: ['write'],
    risk: 50,
    definition: '{"inputSchema":{},"name":"a"}',
  })
  expect(test.runtime.catalogue(WORKSPACE).version).toBeGreaterThan(versionBefore)
  expect(test.events().map(({ type }) => type)).toEqual(
    expect.arrayContaining([
      'server.installed',
      'tool.quarantined',
      'tool.accepted',
      'tool.rejected',
    ]),
  )
})

it('keeps each entry as it is when another server changes, and none of a server that did (H10)', async () => {
  await using server = await startCatalogue([{ name: 'a' }])
  await using test = await openTestRuntime()
  const { id } = await test.runtime.install(admin, httpDefinition(server.url))
  const other = await test.runtime.install(admin, httpDefinition(server.url, { slug: 'other' }))
  await test.runtime.refresh(WORKSPACE, id)
  await test.runtime.refresh(WORKSPACE, other.id)
  const entryOf = (serverId: string) =>
    test.runtime.catalogue(WORKSPACE).entries.find((entry) => entry.server.id === serverId)
  const items = [{ kind: 'tool', name: 'a' }] as const

  const [kept, judged] = [entryOf(id), entryOf(other.id)]
  await test.runtime.accept(admin, other.id, { items, labels: [] })
  expect(entryOf(id)).toBe(kept)
  expect(entryOf(other.id)).not.toBe(judged)

  const accepted = entryOf(other.id)
  await test.runtime.disable(admin, other.id)
  await test.runtime.enable(admin, other.id)
  expect(entryOf(id)).toBe(kept)
  expect(entryOf(other.id)).toEqual(accepted)
  expect(entryOf(other.id)).not.toBe(accepted)
})

it('takes a changed tool out of use until it is reviewed, and a call of it too (POL-47, POL-48)', async () => {
  await using server = await startCatalogue([{ name: 'a' }, { name: 'b' }])
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const armed = arm(test.runtime, id, 'a', {}, {})
  server.tools = [{ name: 'a', description: 'now it does something else' }, { name: 'b' }]
  await test.runtime.refresh(WORKSPACE, id)
  expect(states(test, id)).toEqual({ a: 'changed', b: 'accepted' })

  const signal = new AbortController().signal
  await expect(test.runtime.run(armed, { notify() {} }, signal)).rejects.toEqual(
    failing('definition_changed'),
  )
  expect(server.seen.some(({ message }) => message.method === 'tools/call')).toBe(false)
  expect(await test.call(id, 'b')).toMatchObject({ text: 'ran' })

  const row = test.runtime.items(WORKSPACE, id).find(({ item }) => item.name === 'a')
  expect(row?.acceptedDefinition).not.toBe(row?.item.definition)
  await test.runtime.accept(admin, id, { items: 'all', labels: [] })
  expect(await test.call(id, 'a')).toMatchObject({ text: 'ran' })
})

it('refuses a verdict on a definition that is not the one that was seen (POL-48)', async () => {
  await using server = await startCatalogue([{ name: 'a' }])
  await using test = await openTestRuntime()
  const { id } = await test.runtime.install(admin, httpDefinition(server.url))
  await test.runtime.refresh(WORKSPACE, id)
  const { pin } = itemNamed(test.runtime, id, 'a')
  server.tools = [{ name: 'a', description: 'swapped' }]
  await test.runtime.refresh(WORKSPACE, id)
  const acceptance = { items: [{ kind: 'tool', name: 'a', pin }], labels: [] } as const
  await expect(test.runtime.accept(admin, id, acceptance)).rejects.toEqual(
    failing('definition_changed'),
  )
})

it('brings a tool that was away back only as what was accepted (POL-46)', async () => {
  await using server = await startCatalogue([{ name: 'a' }, { name: 'b' }])
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  server.tools = []
  await test.runtime.refresh(WORKSPACE, id)
  expect(states(test, id)).toEqual({ a: 'gone', b: 'gone' })
  server.tools = [{ name: 'a' }, { name: 'b', description: 'new' }]
  await test.runtime.refresh(WORKSPACE, id)
  expect(states(test, id)).toEqual({ a: 'accepted', b: 'changed' })
})

it('never gives a name to another tool, though the first is gone with its server (MCP-102)', async () => {
  await using server = await startCatalogue([{ name: 'do it' }, { name: 'do_it' }])
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const exposed = test.runtime.items(WORKSPACE, id).map(({ item }) => item.exposed)
  expect(new Set(exposed).size).toBe(2)
  expect(exposed).toContain('test__do_it')
  await test.runtime.remove(admin, id)
  await expect(test.runtime.install(admin, httpDefinition(server.url))).rejects.toEqual(
    failing('already_exists'),
  )
  expect(test.runtime.catalogue(WORKSPACE).entries).toEqual([])
})

it('follows cursors to the end, and stops at one that repeats (MCP-115)', async () => {
  const many = Array.from({ length: 7 }, (_, i) => ({ name: `t${i}` }))
  await using server = await startCatalogue(many)
  await using test = await openTestRuntime()
  const { id } = await test.runtime.install(admin, httpDefinition(server.url))
  await test.runtime.refresh(WORKSPACE, id)
  expect(Object.keys(states(test, id))).toHaveLength(7)
  server.repeatCursor = true
  server.lists = 0
  await test.runtime.refresh(WORKSPACE, id)
  expect(server.lists).toBeLessThanOrEqual(2)
})

it('lets one hung server delay nobody else’s lists, and keeps what it listed last (RUN-51, MCP-116)', async () => {
  await using test = await openTestRuntime()
  const hung = (
    await test.runtime.install(admin, stdioDefinition(['--hang-list'], { slug: 'hung' }))
  ).id
  const hanging = test.runtime.refresh(WORKSPACE, hung)
  hanging.catch(() => {})
  const well = await test.ready(stdioDefinition([], { slug: 'well' }))
  expect(await test.call(well, 'echo', { message: 'hello' })).toMatchObject({ text: 'hello' })
  // On a busy machine it may still be starting, and would then have been asked nothing.
  const stateOf = () => test.runtime.status(WORKSPACE, hung).instances.map(({ state }) => state)
  await expect.poll(stateOf, { timeout: 10_000 }).toEqual(['ready'])
  await test.runtime.disable(admin, hung)
  await expect(hanging).rejects.toEqual(failing('outcome_unknown'))
  expect(test.runtime.catalogue(WORKSPACE).degraded).toEqual(['hung'])
  expect(test.runtime.catalogue(WORKSPACE).entries.length).toBeGreaterThan(10)
})

it('reads the lists again when a server says that they changed (POL-47)', async () => {
  await using test = await openTestRuntime({ timers: hurried })
  const id = await test.ready(stdioDefinition())
  await test.call(id, 'change')
  await expect.poll(() => itemNamed(test.runtime, id, 'echo').state).toBe('changed')
})

it('shows the lists of a sleeping server without starting it (RUN-43)', async () => {
  await using test = await openTestRuntime()
  const id = await test.ready(stdioDefinition())
  const { instances } = test.runtime.status(WORKSPACE, id)
  await test.runtime.disable(admin, id)
  await test.runtime.enable(admin, id)
  expect(instances).toHaveLength(1)
  expect(test.runtime.catalogue(WORKSPACE).entries.length).toBeGreaterThan(10)
  expect(test.runtime.status(WORKSPACE, id).instances).toEqual([])
})

it('offers nothing of a disabled server, and refuses its calls (RUN-58)', async () => {
  await using test = await openTestRuntime()
  const id = await test.ready(stdioDefinition())
  await test.runtime.disable(admin, id)
  expect(test.runtime.catalogue(WORKSPACE).entries).toEqual([])
  await expect(test.call(id, 'echo')).rejects.toEqual(failing('server_disabled'))
  await expect(test.runtime.refresh(WORKSPACE, id)).rejects.toEqual(failing('server_disabled'))
})

it('lets nobody without the permission define, change or review (RUN-4, RUN-5)', async () => {
  await using test = await openTestRuntime()
  const id = await test.ready(stdioDefinition())
  const acts = [
    () => test.runtime.install(member, stdioDefinition([], { slug: 'mine' })),
    () => test.runtime.update(member, id, stdioDefinition()),
    () => test.runtime.enable(member, id),
    () => test.runtime.disable(member, id),
    () => test.runtime.remove(member, id),
    () => test.runtime.accept(member, id, { items: 'all', labels: [] }),
    () => test.runtime.reject(member, id, []),
  ]
  for (const act of acts) await expect(act()).rejects.toEqual(failing('forbidden'))
})
