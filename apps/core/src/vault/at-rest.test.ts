import { expect, it } from 'vitest'

import { Secret } from '../ground/secret.ts'
import type { TestStore } from '../store/testing.ts'
import { createScrubber } from './scrub/scrubber.ts'
import { header, never, openWorld, person, variable, callClearance } from './testing.ts'

const CANARIES = Array.from(
  { length: 40 },
  (_, index) => `canary-${index.toString().padStart(3, '0')}-${'qZ7xW2'.repeat(1 + (index % 5))}`,
)

it('nothing readable at rest: no canary in any form in anything written to the store or the log', async () => {
  await using world = await openWorld()
  const written: unknown[] = []
  const store: TestStore = {
    ...world.store,
    command: (name, args, events) => {
      written.push(args, events)
      return world.store.command(name, args, events)
    },
    housekeep: (name, args) => {
      written.push(args)
      return world.store.housekeep(name, args)
    },
    append: (events) => {
      written.push(events)
      return world.store.append(events)
    },
  }
  const vault = world.twin(undefined, store)
  await vault.unseal(never)
  for (const [index, canary] of CANARIES.entries()) {
    const value = new Secret(canary)
    const bindings = index < 5 ? [header] : []
    const secretId = await vault.create(person, {
      name: `c${index}`,
      kind: 'api_key',
      value,
      bindings,
    })
    await vault.put(person, { secretId, value, promote: index % 2 === 0 })
    await vault.bind(person, { secretId, binding: variable, value })
    if (index >= 3) await vault.destroy(person, secretId)
    const place = { workspaceId: 'ws_1', table: 'approval', rowId: `a${index}`, column: 'args' }
    written.push(await vault.sealData(place, Buffer.from(canary)))
  }
  await vault.inject(callClearance(), never)

  const finder = createScrubber(
    CANARIES.map((canary, i) => ({ name: `c${i}`, values: [Buffer.from(canary)] })),
  )
  const bytes = Buffer.concat(written.map(flat))
  expect(bytes.byteLength).toBeGreaterThan(50_000)
  expect(finder.scrub(bytes).hits).toEqual([])
  expect(finder.scrub(Buffer.from(CANARIES[7] ?? '')).hits).toHaveLength(1)
})

/** Texts and blobs one after the other, as they lie in a database file. */
function flat(value: unknown): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (typeof value === 'object' && value !== null)
    return Buffer.concat(Object.values(value).map(flat))
  return Buffer.from(`${String(value)} `)
}
