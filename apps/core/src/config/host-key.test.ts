import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, it } from 'vitest'

import { writeHostKey } from './host-key.ts'

let folder: string
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'peta-host-key-'))))
afterEach(() => rm(folder, { recursive: true }))

it('makes a new 256-bit key at each start, readable by the owner alone', async () => {
  const first = await writeHostKey(join(folder, 'data'))
  const second = await writeHostKey(join(folder, 'data'))
  const path = join(folder, 'data', 'host.key')
  expect(Buffer.from(second, 'base64url')).toHaveLength(32)
  expect(first).not.toBe(second)
  expect((await readFile(path, 'utf8')).trim()).toBe(second)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'data'))).mode & 0o777).toBe(0o700)
})

it('says which directory cannot be written', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(writeHostKey(join(folder, 'file'))).rejects.toMatchObject({
    code: 'data_dir_unwritable',
    facts: { path: join(folder, 'file') },
  })
})
