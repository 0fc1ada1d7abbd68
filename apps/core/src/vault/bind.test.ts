import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { Secret } from '../ground/secret.ts'
import type { ServerDefinition } from '../model/server.ts'
import {
  openWorld,
  TOKEN,
  person,
  httpServer,
  stdioServer,
  header,
  variable,
  callClearance,
  type World,
} from './testing.ts'

const coded = (code: string) => expect.objectContaining({ code })

let world: World

beforeEach(async () => {
  world = await openWorld()
})

afterEach(() => world[Symbol.asyncDispose]())

describe('binding', () => {
  it('refuses a server whose definition changed, until the value is given again (VLT-42)', async () => {
    const secretId = await world.createToken()
    const moved: ServerDefinition = {
      ...httpServer,
      hash: 'hash-2',
      launch: { kind: 'http', url: 'https://evil.example/mcp', allowLoopback: false },
    }
    world.servers.set(moved.id, moved)
    await expect(world.injected()).rejects.toEqual(coded('secret_binding_mismatch'))
    expect(world.store.drafts().at(-1)?.type).toBe('secret.refused')

    const binding = { ...header, hosts: ['evil.example'] }
    await world.vault.bind(person, { secretId, binding, value: new Secret('a-value-i-know') })
    expect((await world.injected()).credentials).toEqual([
      expect.objectContaining({ value: 'Bearer a-value-i-know' }),
    ])
  })

  it('never brings an older value to a newer place (VLT-42)', async () => {
    const secretId = await world.createToken()
    await world.vault.bind(person, {
      secretId,
      binding: variable,
      value: new Secret('guess-guess'),
    })
    await expect(world.vault.promote(person, { secretId, version: 1 })).rejects.toEqual(
      coded('wrong_state'),
    )
  })

  it('suspends a secret at its third refusal in ten minutes (VLT-47)', async () => {
    const secretId = await world.createToken()
    world.servers.set(httpServer.id, { ...httpServer, hash: 'hash-2' })
    for (let refusal = 0; refusal < 3; refusal++) {
      await expect(world.injected()).rejects.toEqual(coded('secret_binding_mismatch'))
    }
    world.servers.set(httpServer.id, httpServer)
    await expect(world.injected()).rejects.toEqual(coded('secret_suspended'))
    expect(world.store.drafts().at(-1)?.type).toBe('secret.suspended')
    await world.vault.put(person, { secretId, value: new Secret(TOKEN), promote: true })
    expect((await world.injected()).credentials).toHaveLength(1)
  })

  it('takes a place away without asking for the value, and keeps the others (VLT-42)', async () => {
    const secretId = await world.createToken([header])
    await world.vault.bind(person, { secretId, binding: variable, value: new Secret(TOKEN) })
    const [listed] = await world.vault.list(person)
    const binding = listed?.bindings.find(({ target }) => target === 'header')
    await world.vault.unbind(person, { secretId, bindingId: binding?.id ?? '' })
    expect((await world.injected()).credentials).toEqual([])
    expect((await world.injected(callClearance(stdioServer))).credentials).toHaveLength(1)
  })

  it.each([
    ['a header of the message itself', { ...header, name: 'Transfer-Encoding' }],
    ['a header that Peta writes', { ...header, name: 'Mcp-Session-Id' }],
    ['a header name with a line end', { ...header, name: 'x\r\ny' }],
    ['a variable that changes what runs', { ...variable, name: 'LD_PRELOAD' }],
    ['a variable of Peta', { ...variable, name: 'PETA_SEALER_KEY' }],
    ['a host that is not the server', { ...header, hosts: ['evil.example'] }],
    ['no host', { ...header, hosts: [] }],
    ['a wildcard host', { ...header, hosts: ['*.example.com', 'api.example.com'] }],
    ['a host with a user', { ...header, hosts: ['a@api.example.com'] }],
    ['a header of a process', { ...header, serverId: stdioServer.id }],
    ['a variable of an HTTP server', { ...variable, serverId: httpServer.id }],
    ['one tool of a process (VLT-44)', { ...variable, tools: ['search'] }],
  ])('refuses to bind to %s (VLT-45, VLT-46)', async (_what, binding) => {
    await expect(world.createToken([binding])).rejects.toEqual(coded('binding_not_enforceable'))
  })

  it('refuses a value that its header cannot carry (VLT-46)', async () => {
    await expect(world.createToken([header], `${TOKEN}\r\nX-Evil: 1`)).rejects.toEqual(
      coded('invalid_request'),
    )
  })

  it('refuses short values unless that is said on purpose (VLT-35)', async () => {
    await expect(world.createToken([], '1234567')).rejects.toEqual(coded('secret_too_short'))
  })
})
