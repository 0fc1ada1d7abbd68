import { chmod } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, it } from 'vitest'
import { z } from 'zod'

import { runInProcess } from '../support/cli-in-process.ts'
import { startTestCore, type TestCore, type TestCoreOptions } from '../support/core.ts'
import { mayMount, mountMemoryDisk, type MemoryDisk } from '../support/mounts.ts'
import { becomeOwner } from '../support/owner.ts'
import { createTestDatabase } from '../support/postgres.ts'

const MIB = 1024 ** 2
const Checks = z.array(
  z.object({
    name: z.string(),
    state: z.string(),
    evidence: z.string(),
    fix: z.string().optional(),
  }),
)

/** A Core with an owner who has signed in at its host. */
async function startOwned(options?: TestCoreOptions): Promise<TestCore> {
  const core = await startTestCore(options)
  await becomeOwner(core)
  expect(await core.cli(['login'])).toMatchObject({ code: 0 })
  return core
}

/** What `doctor` finds, but for the disk of the machine that runs this. */
const notInOrder = async (core: TestCore) =>
  (await findings(core)).filter(({ name }) => name !== 'disk space')

async function findings(core: TestCore) {
  const { code, stdout, stderr } = await core.cli(['--json', 'doctor'])
  expect(stderr).toBe('')
  const found = Checks.parse(JSON.parse(stdout)).filter(({ state }) => state !== 'ok')
  expect(code).toBe(found.some(({ state }) => state === 'failed') ? 1 : 0)
  return found
}

it('finds a Core in order while it runs, and says that it is gone when it has stopped', async () => {
  await using core = await startOwned()
  expect(await notInOrder(core)).toEqual([])

  const key = join(core.home, 'config/peta/sealer.key')
  await chmod(key, 0o644)
  expect(await notInOrder(core)).toMatchObject([{ name: 'sealer key', fix: `chmod 600 ${key}` }])
  await chmod(key, 0o600)

  await core.stop()
  expect(await notInOrder(core)).toMatchObject([
    { name: 'Core is alive', evidence: `nothing answers at ${core.url}` },
  ])
})

it('looks where somebody signed in, when nothing else says where Core is', async () => {
  await using core = await startOwned()
  const { PETA_PORT: _, ...env } = core.env
  expect((await runInProcess(['doctor'], env, '')).stdout).toContain(`${core.url}, version`)
})

it('finds a Core on PostgreSQL in order', async () => {
  await using database = await createTestDatabase()
  await using core = await startOwned({ databaseUrl: database.url })
  expect(await notInOrder(core)).toEqual([])
})

it.runIf(mayMount)(
  'says how little room is left on the disk (needs root, to mount one)',
  async () => {
    await using lifetime = new AsyncDisposableStack()
    let disk: MemoryDisk | undefined
    const core = await startOwned({
      async prepare(home) {
        disk = await mountMemoryDisk(join(home, 'data'), 4096 * MIB)
      },
    })
    lifetime.defer(async () => {
      await core.stop()
      await disk?.[Symbol.asyncDispose]()
      await core[Symbol.asyncDispose]()
    })
    expect(await findings(core)).toEqual([])
    await disk?.leaveFree(1024 * MIB)
    expect(await findings(core)).toMatchObject([{ name: 'disk space', state: 'warning' }])
    await disk?.leaveFree(100 * MIB)
    expect(await findings(core)).toMatchObject([{ name: 'disk space', state: 'failed' }])
  },
)
