import { afterAll, beforeAll, expect, it } from 'vitest'

import { startTestCore, type TestCore } from '../support/core.ts'
import { becomeOwner } from '../support/owner.ts'

const STDIO_SERVER = new URL('../support/stdio-server.mjs', import.meta.url).pathname
let core: TestCore

beforeAll(async () => {
  core = await startTestCore()
  await becomeOwner(core)
  await core.cli(['login'])
})
afterAll(() => core?.[Symbol.asyncDispose]())

async function added(slug: string, ...options: readonly string[]) {
  const command = ['--no-connect', '--', process.execPath, STDIO_SERVER]
  const words = ['--json', 'server', 'add', slug, ...options, ...command]
  const { code, stdout, stderr } = await core.cli(words)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

it('trusts a server with baggage when told so, and not otherwise (MCP-133)', async () => {
  expect(await added('plain')).toMatchObject({ relaysBaggage: false })
  expect(await added('trusted', '--relay-baggage')).toMatchObject({ relaysBaggage: true })
})

it('fixes the roots that a server hears of, and has its era found out apart (MCP-71, MCP-52)', async () => {
  const set = await added('set', '--root', '/srv/notes', '--root', '/srv/b c', '--probe-unsafe')
  expect(set).toMatchObject({
    roots: [{ uri: 'file:///srv/notes' }, { uri: 'file:///srv/b%20c' }],
    probeUnsafe: true,
  })
  const shown = await core.cli(['server', 'show', 'set'])
  expect(shown.stdout).toContain('file:///srv/b%20c')
  const plain = await added('unset')
  expect(plain).toMatchObject({ probeUnsafe: false })
  expect(plain).not.toHaveProperty('roots')
})
