import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { openWorld, type World } from './testing.ts'

const coded = (code: string) => expect.objectContaining({ code })

let world: World

beforeEach(async () => {
  world = await openWorld()
})

afterEach(() => world[Symbol.asyncDispose]())

describe('data of other stages', () => {
  const place = { workspaceId: 'ws_1', table: 'approval', rowId: 'apr_1', column: 'arguments' }

  it('opens only in the cell it was sealed for (VLT-15, VLT-36)', async () => {
    const blob = await world.vault.sealData(place, Buffer.from('{"amount":1}'))
    expect((await world.vault.openData(place, blob)).toString()).toBe('{"amount":1}')
    for (const other of [
      { ...place, workspaceId: 'ws_2' },
      { ...place, table: 'result' },
      { ...place, rowId: 'apr_2' },
      { ...place, column: 'result' },
    ]) {
      await expect(world.vault.openData(other, blob)).rejects.toEqual(
        coded('vault_integrity_failed'),
      )
    }
  })
})
