import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { createStorePlace, engines, type StorePlace } from '../../../../../tests/support/stores.ts'
import type { ServerDefinition } from '../../model/server.ts'
import type { Store } from '../../store/store.ts'
import { createEraMemory, type EraMemory } from './era-memory.ts'
import { credentialSet, WORKSPACE } from '../testing.ts'

const HOUR_MS = 3_600_000
let nowMs: number
let servers = 0

beforeEach(() => {
  nowMs = 1_000
  servers += 1
})

const definition = (hash = 'hash'): ServerDefinition => ({
  id: `srv_${servers}`,
  workspaceId: WORKSPACE,
  slug: 'test',
  title: 'Test',
  labels: [],
  transport: 'http',
  version: 1,
  hash,
  enabled: true,
  era: 'auto',
  launch: { kind: 'http', url: 'https://mcp.example.com/mcp', allowLoopback: false },
  inFlightMax: 1,
  idleStopMs: 60_000,
})
const first = credentialSet()
const second = { ...first, version: 'v2' }

describe.each(engines)('what a server speaks, kept on %s', (engine) => {
  let place: StorePlace
  let store: Store

  beforeAll(async () => {
    place = await createStorePlace(engine)
    store = await place.open()
  })
  afterAll(async () => {
    await store[Symbol.asyncDispose]()
    await place[Symbol.asyncDispose]()
  })

  /** The memory of one start of Peta; what it keeps is written before anything later is. */
  async function start(): Promise<EraMemory> {
    await store.housekeep('server.forgetEras', { workspaceId: WORKSPACE, serverId: 'nobody' })
    const memory = createEraMemory({ store, clock: { nowMs: () => nowMs }, log: { warn() {} } })
    await memory.load(WORKSPACE)
    return memory
  }

  it('outlives a restart, for the same launch and credential only (MCP-53)', async () => {
    const before = await start()
    before.set(definition(), first, 'legacy')
    const after = await start()
    expect(after.get(definition(), first)).toBe('legacy')
    expect(after.get(definition('other launch'), first)).toBeUndefined()
    expect(after.get(definition(), second)).toBeUndefined()
    after.set(definition(), first, 'modern')
    expect((await start()).get(definition(), first)).toBe('modern')
  })

  it('is asked again after a day when it is old, however often it was used (MCP-53)', async () => {
    const memory = await start()
    memory.set(definition(), first, 'legacy')
    memory.set(definition(), second, 'modern')
    nowMs += 23 * HOUR_MS
    memory.set(definition(), first, 'legacy')
    const after = await start()
    expect(after.get(definition(), first)).toBe('legacy')
    nowMs += HOUR_MS
    for (const any of [memory, after]) {
      expect(any.get(definition(), first)).toBeUndefined()
      expect(any.get(definition(), second)).toBe('modern')
    }
  })

  it('is forgotten for good, and of no other server (MCP-53)', async () => {
    const memory = await start()
    const other = { ...definition(), id: `${definition().id}0` }
    memory.set(definition(), first, 'modern')
    memory.set(definition(), second, 'modern')
    memory.set(other, first, 'modern')
    memory.forget(WORKSPACE, definition().id)
    for (const any of [memory, await start()]) {
      expect(any.get(definition(), first)).toBeUndefined()
      expect(any.get(definition(), second)).toBeUndefined()
      expect(any.get(other, first)).toBe('modern')
    }
  })
})
