import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { Secret } from '../ground/secret.ts'
import type { TestStore } from '../store/testing.ts'
import {
  openWorld,
  never,
  TOKEN,
  person,
  httpServer,
  stdioServer,
  header,
  variable,
  callClearance,
  connectClearance,
  type World,
} from './testing.ts'

const coded = (code: string) => expect.objectContaining({ code })

let world: World

beforeEach(async () => {
  world = await openWorld()
})

afterEach(() => world[Symbol.asyncDispose]())

describe('injecting', () => {
  it('puts a value into the header that it is bound to, and nowhere else', async () => {
    await world.createToken()
    expect((await world.injected()).credentials).toEqual([
      {
        target: 'header',
        name: 'authorization',
        value: `Bearer ${TOKEN}`,
        hosts: ['api.example.com'],
      },
    ])
    expect((await world.injected(callClearance(stdioServer))).credentials).toEqual([])
  })

  it('gives a process its values by environment and by descriptor', async () => {
    await world.createToken([variable])
    await world.vault.create(person, {
      name: 'key',
      kind: 'private_key',
      value: new Secret('line one\nline two, and more'),
      bindings: [{ serverId: stdioServer.id, target: 'descriptor', name: 'KEY_FD' }],
    })
    const { credentials } = await world.vault.connectCredentials(connectClearance(stdioServer))
    expect(credentials).toEqual(
      expect.arrayContaining([
        { target: 'env', name: 'API_TOKEN', value: TOKEN },
        {
          target: 'descriptor',
          name: 'KEY_FD',
          value: Buffer.from('line one\nline two, and more'),
        },
      ]),
    )
  })

  it('sends user and password as basic authentication, and scrubs each form of them', async () => {
    await world.createToken([{ ...header, target: 'basic', prefix: '' }], 'ana:correct-horse')
    const { credentials, scrubber } = await world.injected()
    const value = `Basic ${Buffer.from('ana:correct-horse').toString('base64')}`
    expect(credentials).toEqual([expect.objectContaining({ target: 'header', value })])
    for (const echo of [value, 'correct-horse']) {
      expect(scrubber.scrub(Buffer.from(echo)).bytes.toString()).toContain('[secret:token]')
    }
  })

  it('gives a value only to the tools it is bound to', async () => {
    await world.createToken([{ ...header, tools: ['search'] }])
    expect((await world.injected()).credentials).toHaveLength(1)
    const other = await world.injected(callClearance(httpServer, 'delete'))
    expect(other.credentials).toEqual([])
    expect(other.scrubber.isIdle).toBe(false)
    const connect = await world.vault.connectCredentials(connectClearance(httpServer))
    expect(connect.credentials).toEqual([])
  })

  it('keeps its version while nothing changes, and gives a new one with every value and binding', async () => {
    const secretId = await world.createToken()
    const first = await world.injected()
    expect(await world.injected()).toBe(first)
    await world.vault.put(person, { secretId, value: new Secret(`${TOKEN}-2`), promote: true })
    const second = await world.injected()
    expect(second.version).not.toBe(first.version)
    expect(second.credentials).toEqual([expect.objectContaining({ value: `Bearer ${TOKEN}-2` })])
  })

  it('records that a secret was opened before it is used, and never its value', async () => {
    const secretId = await world.createToken()
    await world.injected()
    const events = world.store.drafts()
    expect(events.map(({ type }) => type)).toEqual([
      'vault.unsealed',
      'secret.created',
      'secret.used',
    ])
    expect(events.at(-1)?.fields).toContain(secretId)
    expect(JSON.stringify(events)).not.toContain(TOKEN)
  })

  it('does not open what cannot be recorded', async () => {
    await world.createToken()
    const store: TestStore = { ...world.store, append: () => Promise.reject(new Error('full')) }
    const vault = world.twin(undefined, store)
    await vault.unseal(never).catch(() => undefined)
    await expect(vault.inject(callClearance(), never)).rejects.toBeDefined()
  })

  it('refuses a secret from the moment it expires, opened already or not (VLT-34)', async () => {
    const expiresAtMs = world.clock.now + 1000
    await world.vault.create(person, {
      name: 'short-lived',
      kind: 'api_key',
      value: new Secret(TOKEN),
      expiresAtMs,
      bindings: [header],
    })
    expect((await world.injected()).credentials).toHaveLength(1)
    world.clock.now = expiresAtMs
    await expect(world.injected()).rejects.toEqual(coded('secret_expired'))
  })

  it('refuses a principal of another workspace (VLT-3)', async () => {
    await world.createToken()
    const mine = callClearance()
    const foreign = { ...mine, principal: { ...mine.principal, workspaceId: 'ws_2' } }
    await expect(world.vault.inject(foreign, never)).rejects.toEqual(coded('not_found'))
  })

  it('follows changes that another process made within two seconds (STO-28)', async () => {
    const secretId = await world.createToken()
    await world.injected()
    const twin = world.twin()
    await twin.unseal(never)
    await twin.destroy(person, secretId)
    world.clock.now += 2000
    expect((await world.injected()).credentials).toEqual([])
  })
})
