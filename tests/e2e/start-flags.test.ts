import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { NODE_FLAGS } from '../../scripts/node-flags.mjs'
import { freePort } from '../support/core.ts'

const CLI = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))
/** Without it nothing of this repository runs from source. */
const FROM_SOURCE = '--conditions=peta-source'

it('starts Core with every flag of our programs, though it was started with none of them (SEC-70)', async () => {
  const home = await mkdtemp(join(tmpdir(), 'peta-test-'))
  const env = { PATH: process.env['PATH'], HOME: home, PETA_PORT: String(await freePort()) }
  const child = spawn(process.execPath, [FROM_SOURCE, CLI, 'start'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(createInterface({ input: child.stdout }), 'line')
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
    const [core = ''] = children.trim().split(' ')
    const words = (await readFile(`/proc/${core}/cmdline`, 'utf8')).split('\0')
    expect(words).toEqual(expect.arrayContaining([...NODE_FLAGS]))
    expect(words.filter((word) => word === FROM_SOURCE)).toHaveLength(1)
  } finally {
    child.kill('SIGTERM')
    await once(child, 'close')
    await rm(home, { recursive: true, force: true })
  }
})
