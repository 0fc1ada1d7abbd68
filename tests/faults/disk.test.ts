import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { TestClient } from '../support/clients.ts'
import { startRefused, startTestCore, type TestCore } from '../support/core.ts'
import { startCountingServer, type CountingServer } from '../support/counting-server.ts'
import { connectFreeAgent, installServer } from '../support/everything-runs.ts'
import { mayMount, mountMemoryDisk, type MemoryDisk } from '../support/mounts.ts'
import { becomeOwner, verifiedExport, type Owner } from '../support/owner.ts'

const MIB = 1024 ** 2
const ROOMY = 1024 * MIB
const LOW = 100 * MIB
/** Core looks at the disk every ten seconds. */
const SEEN = { timeout: 30_000, interval: 200 }

describe.runIf(mayMount)('a disk that gets full (needs root, to mount one)', () => {
  const lifetime = new AsyncDisposableStack()
  const acknowledged: string[] = []
  let disk: MemoryDisk
  let core: TestCore
  let owner: Owner
  let client: TestClient
  let server: CountingServer
  let calls = 0

  beforeAll(async () => {
    server = lifetime.use(await startCountingServer(async () => undefined))
    core = lifetime.use(
      await startTestCore({
        async prepare(home) {
          disk = await mountMemoryDisk(join(home, 'data'), ROOMY)
        },
      }),
    )
    lifetime.use(disk)
    owner = await becomeOwner(core)
    client = lifetime.use(await connectFreeAgent(owner, core))
    await installServer(owner, 'count', { kind: 'http', url: server.url, allowLoopback: true })
    await putSecret()
  })

  afterAll(async () => {
    await core?.stop()
    await lifetime.disposeAsync()
  })

  async function putSecret(): Promise<void> {
    const name = `secret-${acknowledged.length}`
    const body = { name, value: 'a value of some length' }
    await owner.peta.call('secrets.create', { params: { workspace: owner.workspace }, body })
    acknowledged.push(name)
  }

  /** How often it had its effect, and what the client was told. */
  async function outcomeOfCall(): Promise<string> {
    const key = `call-${(calls += 1)}`
    const told = await client.call('count__write_note', { key }).then(
      ({ isError, text }) => (isError ? text : 'done'),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    return `${server.effectsOf(key)}: ${told}`
  }

  it('is refused to calls while there is little room, and open to administration (STO-13)', async () => {
    expect(await outcomeOfCall()).toBe('1: done')
    await disk.leaveFree(LOW)
    await expect.poll(outcomeOfCall, SEEN).toMatch(/^0: .*The disk is full/)
    await putSecret()
  })

  it('has a reserve for tidying up, and then says no without losing anything (STO-13)', async () => {
    await disk.leaveFree(0)
    const refused = await firstRefusal(putSecret)
    expect(refused).toMatchObject({ code: 'storage_full', status: 503 })
    await putSecret()
    await disk.leaveFree(0)
    expect(await firstRefusal(putSecret)).toMatchObject({ code: 'storage_full' })
    expect(await outcomeOfCall()).toMatch(/^0: .*The disk is full/)
  })

  it('goes on by itself once there is room again', async () => {
    await disk.leaveFree(ROOMY)
    await expect.poll(outcomeOfCall, SEEN).toBe('1: done')
    await putSecret()
  })

  it('refuses to start while it is full, and has everything that was acknowledged afterwards', async () => {
    expect(await core.stop()).toBe(0)
    await disk.leaveFree(0)
    const { code, stderr } = await startRefused(core.env)
    expect({ code, stderr }).toMatchObject({ code: 1 })
    expect(stderr).toMatch(/^The disk is full\. Free space on the volume of the data directory/m)
    expect(stderr).not.toMatch(/^\s+at /m)

    await disk.leaveFree(ROOMY)
    await core.start()
    const { items } = await owner.peta.call('secrets.list', {
      params: { workspace: owner.workspace },
      query: { limit: 200 },
    })
    expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(acknowledged))
    const { report } = await verifiedExport(owner, core.home)
    expect(report).toMatchObject({ verdict: 'verified', openIntents: { count: 0 } })
  })
})

const TRIES_MAX = 500

async function firstRefusal(act: () => Promise<void>): Promise<unknown> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const failure: unknown = await act().then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failure) return failure
  }
  return 'nothing was refused'
}
