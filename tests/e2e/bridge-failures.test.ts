import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { startBridge, type TestBridge } from '../support/bridge.ts'
import { type BridgedCore, startBridgedCore } from '../support/bridged-core.ts'
import { freePort } from '../support/core.ts'
import { initialize, modernRequest } from '../support/modern-message.ts'
import { allCommandLines } from '../support/processes.ts'

const LONG = 'everything__trigger-long-running-operation'
const MIB = 1024 * 1024

let bridged: BridgedCore

beforeAll(async () => {
  bridged = await startBridgedCore()
})

afterAll(() => bridged?.[Symbol.asyncDispose]())

const call = (name: string, args: object) => ({ name, arguments: args })

/** Without a token in the environment. */
function envWithoutToken(): Readonly<Record<string, string>> {
  const { PETA_TOKEN: _, ...env } = bridged.env
  return env
}

const echo = (id: number | string, message: string) =>
  modernRequest(id, 'tools/call', call('everything__echo', { message }))

describe('a line that is no request', () => {
  let bridge: TestBridge

  beforeAll(() => {
    bridge = startBridge(bridged.env)
  })
  afterAll(() => bridge?.[Symbol.asyncDispose]())

  it.each([
    ['is no JSON', 'hello', -32_700, null],
    ['is half a message', '{"jsonrpc":"2.0","id":1', -32_700, null],
    ['is no message', '5', -32_600, null],
    ['is a list', '[]', -32_600, null],
    ['names a member twice', '{"jsonrpc":"2.0","id":8,"method":"ping","method":"x"}', -32_600, 8],
    ['is of no session', '{"jsonrpc":"2.0","id":9,"method":"tools/list"}', -32_600, 9],
    ['is too long', JSON.stringify({ ...echo('big', 'x'.repeat(MIB)) }), 4130, 'big'],
    ['is far too long', `"${'x'.repeat(17 * MIB)}"`, 4130, null],
  ])('because it %s is answered, and the pipe lives on', async (_, line, code, id) => {
    bridge.sendLine(line)
    expect(await bridge.next()).toMatchObject({ jsonrpc: '2.0', id, error: { code } })
    bridge.send(echo(77, 'still here'))
    expect(await bridge.next()).toMatchObject({ id: 77, result: {} })
  })

  it('is passed over when it is empty', async () => {
    bridge.sendLine('')
    bridge.sendLine(' \r')
    bridge.send(echo(78, 'after'))
    expect(await bridge.next()).toMatchObject({ id: 78 })
  })
})

it('keeps the id byte for byte, and names beyond ASCII (MCP-21)', async () => {
  await using bridge = startBridge(bridged.env)
  bridge.send(modernRequest('näh', 'tools/call', call('nä__me', {})))
  expect(await bridge.next()).toMatchObject({ id: 'näh', error: { code: -32_602 } })
  bridge.send(modernRequest(1, 'tools/call', call('=?base64?eA==?=', {})))
  expect(await bridge.next()).toMatchObject({ id: 1, error: { code: -32_602 } })
})

it('speaks both eras on one pipe', async () => {
  await using bridge = startBridge(bridged.env)
  bridge.send(initialize(1))
  bridge.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
  bridge.send({ jsonrpc: '2.0', id: 2, method: 'ping' })
  expect(await bridge.next()).toMatchObject({ id: 1, result: { protocolVersion: '2025-11-25' } })
  expect(await bridge.next()).toEqual({ jsonrpc: '2.0', id: 2, result: {} })
  bridge.send(modernRequest(3, 'server/discover'))
  expect(await bridge.next()).toMatchObject({ id: 3, result: { resultType: 'complete' } })
})

it('begins another session when Core has ended the one it had (MCP-31)', async () => {
  await using bridge = startBridge(bridged.env)
  bridge.send(initialize(0))
  await bridge.next()
  // As many as one principal may have, so that the first is ended for them (MCP-33).
  for (let id = 1; id <= 50; id += 1) {
    const response = await fetch(`${bridged.core.url}/mcp`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bridged.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(initialize(id)),
    })
    await response.text()
  }
  bridge.send({ jsonrpc: '2.0', id: 99, method: 'ping' })
  expect(await bridge.next()).toEqual({ jsonrpc: '2.0', id: 99, result: {} })
})

describe('while Core is down', () => {
  it('answers every request with what to do, and goes on when Core is back', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    await using bridge = startBridge({ ...bridged.env, PETA_URL: url })
    for (const message of [echo(1, 'x'), initialize(2), modernRequest(3, 'tools/list')]) {
      bridge.send(message)
      expect(await bridge.next()).toMatchObject({
        id: message.id,
        error: { code: 5030, message: expect.stringContaining(`reached at ${url}`) },
      })
    }
    bridge.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
    expect(await bridge.end()).toEqual({ code: 0, rest: [] })
    expect(bridge.stderr()).not.toContain(bridged.token)
  })

  it('says of a call under way that it may have run', async () => {
    await using bridge = startBridge(bridged.env)
    const { params, ...long } = modernRequest(
      1,
      'tools/call',
      call(LONG, { duration: 60, steps: 600 }),
    )
    const _meta = { ...params._meta, progressToken: 'p' }
    bridge.send({ ...long, params: { ...params, _meta } })
    expect(await bridge.next()).toMatchObject({ method: 'notifications/progress' })
    await bridged.core.kill()
    let answer = await bridge.next()
    while (answer.id === undefined) answer = await bridge.next()
    expect(answer).toMatchObject({ id: 1, error: { code: 5041 } })
    await bridged.core.start()
    bridge.send(modernRequest(2, 'tools/list'))
    expect(await bridge.next()).toMatchObject({ id: 2, result: {} })
  })
})

async function activeTokens(): Promise<number> {
  const { stdout } = await bridged.core.cli(['--json', 'token', 'list', 'claude'])
  const tokens: readonly { state: string }[] = JSON.parse(stdout)
  return tokens.filter(({ state }) => state === 'active').length
}

describe('the token', () => {
  it('is refused under the id of every request, and never repeated', async () => {
    const wrong = 'peta_wrong-token-that-nobody-issued'
    await using bridge = startBridge({ ...bridged.env, PETA_TOKEN: wrong })
    bridge.send(echo(5, 'x'))
    expect(await bridge.next()).toMatchObject({ id: 5, error: { code: 4010 } })
    expect(bridge.stderr()).not.toContain(wrong)
  })

  it('comes from a file that others cannot read, and is read again when it was replaced', async () => {
    const file = join(bridged.core.home, 'agent.token')
    await writeFile(file, 'peta_old-token\n', { mode: 0o600 })
    await using bridge = startBridge(envWithoutToken(), ['--token-file', file])
    bridge.send(echo(1, 'x'))
    expect(await bridge.next()).toMatchObject({ id: 1, error: { code: 4010 } })
    await writeFile(file, `${bridged.token}\n`)
    bridge.send(echo(2, 'x'))
    expect(await bridge.next()).toMatchObject({ id: 2, result: {} })

    await chmod(file, 0o640)
    const refused = await bridged.core.cli(['bridge', '--token-file', file])
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('chmod 600')
  })

  it('is issued for an agent by the person signed in, for an hour, and revoked at the end', async () => {
    await bridged.core.cli(['login'])
    await using bridge = startBridge(envWithoutToken(), ['--agent', 'claude'])
    bridge.send(echo(1, 'x'))
    expect(await bridge.next()).toMatchObject({ id: 1, result: {} })
    const before = await activeTokens()
    expect(await allCommandLines()).not.toContain(bridged.token)
    expect(await bridge.end()).toEqual({ code: 0, rest: [] })
    expect(await activeTokens()).toBe(before - 1)
    expect(bridge.stderr()).toBe('')
  })

  it('is asked for, not guessed, where there is none', async () => {
    const { code, stdout, stderr } = await bridged.core.cli(['bridge'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('PETA_TOKEN')
  })
})

describe('the end of the input', () => {
  it('ends the bridge with 0 once what was asked is answered', async () => {
    await using bridge = startBridge(bridged.env)
    bridge.send(modernRequest(1, 'tools/call', call(LONG, { duration: 0.5, steps: 1 })))
    const { code, rest } = await bridge.end()
    expect(code).toBe(0)
    expect(rest.map((line) => JSON.parse(line).id)).toEqual([1])
  })

  it('is not kept waiting by a call that never ends', async () => {
    await using bridge = startBridge(bridged.env)
    bridge.send(modernRequest(1, 'tools/call', call(LONG, { duration: 3600, steps: 1 })))
    expect(await bridge.end()).toEqual({ code: 0, rest: [] })
  })
})
