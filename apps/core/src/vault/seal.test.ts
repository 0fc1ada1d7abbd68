import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { TestStore } from '../store/testing.ts'
import { openWorld, never, person, stdioServer, callClearance, type World } from './testing.ts'

const coded = (code: string) => expect.objectContaining({ code })

let world: World

beforeEach(async () => {
  world = await openWorld()
})

afterEach(() => world[Symbol.asyncDispose]())

describe('sealing', () => {
  it('refuses everything while sealed, and opens the same keys after (VLT-21)', async () => {
    await world.createToken()
    const key = await world.vault.systemKey('audit-signing')
    await world.injected()
    await world.vault.seal(person)
    expect(world.vault.status()).toEqual({ state: 'sealed', sealer: 'environment' })
    await expect(world.injected()).rejects.toEqual(coded('vault_sealed'))
    await expect(world.injected(callClearance(stdioServer))).rejects.toEqual(coded('vault_sealed'))
    await expect(world.vault.systemKey('audit-signing')).rejects.toEqual(coded('vault_sealed'))
    await expect(world.createToken()).rejects.toEqual(coded('vault_sealed'))

    await world.vault.unseal(never, person)
    expect(await world.vault.systemKey('audit-signing')).toEqual(key)
    expect((await world.injected()).credentials).toHaveLength(1)
  })

  it('opens with no other sealer key, and makes no second root key (VLT-12)', async () => {
    const other = world.twin('B'.repeat(42) + 'E')
    await expect(other.unseal(never)).rejects.toEqual(coded('vault_integrity_failed'))
    expect(other.status().state).toBe('sealed')
  })

  it('seals again when the unsealing cannot be recorded', async () => {
    const store: TestStore = {
      ...world.store,
      append: () => Promise.reject(new Error('disk full')),
    }
    const vault = world.twin(undefined, store)
    await expect(vault.unseal(never)).rejects.toThrow('disk full')
    expect(vault.status().state).toBe('sealed')
  })

  it('gives each use and each workspace an independent key, the same in every process (VLT-4)', async () => {
    const twin = world.twin()
    await twin.unseal(never)
    const keys = await Promise.all([
      world.vault.systemKey('audit-signing'),
      world.vault.systemKey('token-pepper'),
      world.vault.systemKey('call-key', 'ws_1'),
      world.vault.systemKey('call-key', 'ws_2'),
    ])
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(4)
    expect(await twin.systemKey('call-key', 'ws_2')).toEqual(keys[3])
  })
})
