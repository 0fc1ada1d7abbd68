import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { Secret } from '../ground/secret.ts'
import { openWorld, never, TOKEN, person, type World } from './testing.ts'

const coded = (code: string) => expect.objectContaining({ code })

let world: World

beforeEach(async () => {
  world = await openWorld()
})

afterEach(() => world[Symbol.asyncDispose]())

describe('versions', () => {
  it('stages, promotes and takes one step back while in grace (VLT-31)', async () => {
    const secretId = await world.createToken()
    const version = await world.vault.put(person, {
      secretId,
      value: new Secret('the-next-value'),
      promote: false,
    })
    expect(version).toBe(2)
    expect(await current()).toBe(`Bearer ${TOKEN}`)
    await world.vault.promote(person, { secretId, version: 2 })
    expect(await current()).toBe('Bearer the-next-value')
    await world.vault.promote(person, { secretId, version: 1 })
    expect(await current()).toBe(`Bearer ${TOKEN}`)
    world.clock.now += 25 * 60 * 60 * 1000
    await expect(world.vault.promote(person, { secretId, version: 2 })).rejects.toEqual(
      coded('wrong_state'),
    )
  })

  it('numbers 64 parallel puts 1 to 64 without a gap, with one current', async () => {
    const secretId = await world.createToken()
    const twin = world.twin()
    await twin.unseal(never)
    const puts = Array.from({ length: 63 }, (_, index) =>
      (index % 2 ? twin : world.vault).put(person, {
        secretId,
        value: new Secret(`value-number-${index}`),
        promote: true,
      }),
    )
    const numbers = await Promise.all(puts)
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 63 }, (_, i) => i + 2))
    const stored = await world.store.query('secret.get', { workspaceId: 'ws_1', secretId })
    expect(stored?.versions).toHaveLength(64)
    expect(stored?.versions.filter(({ state }) => state === 'current')).toHaveLength(1)
    expect(stored?.versions.filter(({ state }) => state !== 'destroyed')).toHaveLength(10)
  })

  it('destroys every key, and frees the name', async () => {
    const secretId = await world.createToken()
    await world.injected()
    await world.vault.destroy(person, secretId)
    expect((await world.injected()).credentials).toEqual([])
    const stored = await world.store.query('secret.get', { workspaceId: 'ws_1', secretId })
    expect(stored?.versions.map((row) => row.wrapped_dek.byteLength)).toEqual([0])
    await world.createToken()
    await expect(world.createToken()).rejects.toEqual(coded('already_exists'))
  })

  it('shows no value, part, length or fingerprint in the list (VLT-32)', async () => {
    await world.createToken()
    const listed = JSON.stringify(await world.vault.list(person))
    expect(listed).not.toContain(TOKEN.slice(0, 4))
    expect(Object.keys(JSON.parse(listed)[0])).toEqual([
      'id',
      'name',
      'kind',
      'ownerKind',
      'state',
      'currentVersion',
      'createdBy',
      'createdAtMs',
      'bindings',
    ])
  })

  async function current(): Promise<unknown> {
    const { credentials } = await world.injected()
    return credentials[0]?.value
  }
})
