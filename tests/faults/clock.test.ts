import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, it } from 'vitest'

import { parseConfig } from '../../apps/core/src/config/config.ts'
import { readEnv } from '../../apps/core/src/config/env.ts'
import { startCore } from '../../apps/core/src/core.ts'
import { systemClock } from '../../apps/core/src/ground/clock.ts'
import { systemTimers } from '../../apps/core/src/ground/timers.ts'
import { completeSetup, verifiedExport } from '../support/owner.ts'
import { storedEntryTypes } from '../support/stored-rows.ts'

let home: string
beforeEach(async () => (home = await mkdtemp(join(tmpdir(), 'peta-clock-'))))
afterEach(() => rm(home, { recursive: true }))

const BACK_MS = 3_600_000

it('goes on when the wall clock goes back an hour: it says so, ids still ascend, the log still verifies (STO-37)', async () => {
  await using lifetime = new AsyncDisposableStack()
  let backMs = 0
  const looks: (() => void)[] = []
  const clock = { ...systemClock, nowMs: () => Date.now() - backMs }
  const timers = {
    ...systemTimers,
    every: (_: number, run: () => void): Disposable => {
      looks.push(run)
      return { [Symbol.dispose]: () => undefined }
    },
  }
  const core = lifetime.use(await startCore(config(), { clock, timers }))
  const link = (await core.setupLink())?.split('#')[1] ?? ''
  const owner = await completeSetup(core.url, link)
  const params = { workspace: owner.workspace }
  const put = (name: string) =>
    owner.peta.call('secrets.create', { params, body: { name, value: 'a value of some length' } })

  const before = await put('before')
  backMs = BACK_MS
  for (const look of looks) look()
  const after = await put('after')

  expect(after.createdAt).toBeLessThan(before.createdAt)
  expect(after.id > before.id).toBe(true)
  const { report } = await verifiedExport(owner, home)
  expect(report).toMatchObject({ verdict: 'verified' })
  await lifetime.disposeAsync()
  const types = storedEntryTypes(join(home, 'data', 'peta', 'peta.db'))
  expect(types.filter((type) => type === 'system.clock_jump')).toHaveLength(1)
})

const config = () =>
  parseConfig(readEnv({ PETA_PORT: '0', PETA_LOG_LEVEL: 'silent' }), {
    data: join(home, 'data', 'peta'),
    config: join(home, 'config', 'peta'),
  })
