import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { Secret } from '../../ground/secret.ts'
import type { Sealer } from '../sealer.ts'
import { createEnvironmentSealer } from './environment.ts'
import { createFileSealer } from './file.ts'

const never = new AbortController().signal
const root = Buffer.alloc(32, 5)
const place = Buffer.from('place')
const unsafe = expect.objectContaining({ code: 'sealer_unsafe' })
const unavailable = expect.objectContaining({ code: 'sealer_unavailable' })
const altered = expect.objectContaining({ code: 'vault_integrity_failed' })

let home: string
let keyFile: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sealer-'))
  await mkdir(join(home, 'data'))
  keyFile = join(home, 'config', 'sealer.key')
})
afterEach(() => rm(home, { recursive: true }))

const fileSealer = (path = keyFile): Sealer =>
  createFileSealer({ keyFile: path, outsideOf: [join(home, 'data')] })

const makers: readonly (readonly [string, () => Sealer])[] = [
  ['file', () => fileSealer()],
  ['environment', () => createEnvironmentSealer(new Secret('A'.repeat(43)))],
]

describe.each(makers)('the %s sealer (VLT-28)', (_kind, make) => {
  it('gives back what it wrapped, in another process too', async () => {
    const blob = await make().wrap(root, place, never)
    expect(await make().unwrap(blob, place, never)).toEqual(root)
    await make().health(never)
  })

  it('unwraps nothing that was altered, cut or moved', async () => {
    const blob = await make().wrap(root, place, never)
    await expect(make().unwrap(blob, Buffer.from('elsewhere'), never)).rejects.toEqual(altered)
    await expect(make().unwrap(blob.subarray(0, -1), place, never)).rejects.toEqual(altered)
    blob.writeUInt8(blob.readUInt8(blob.length - 1) ^ 1, blob.length - 1)
    await expect(make().unwrap(blob, place, never)).rejects.toEqual(altered)
  })
})

describe('the key file (VLT-22)', () => {
  it('is made once, for its owner alone', async () => {
    await fileSealer().wrap(root, place, never)
    const text = await readFile(keyFile, 'utf8')
    await fileSealer().wrap(root, place, never)
    expect(await readFile(keyFile, 'utf8')).toBe(text)
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    expect((await stat(join(home, 'config'))).mode & 0o777).toBe(0o700)
  })

  it('is never made to unwrap: a lost key is an error, not a fresh start', async () => {
    const blob = await fileSealer().wrap(root, place, never)
    await rm(keyFile)
    await expect(fileSealer().unwrap(blob, place, never)).rejects.toEqual(unavailable)
    await expect(stat(keyFile)).rejects.toThrow('ENOENT')
  })

  it.each([
    ['readable by the group', () => chmod(keyFile, 0o640)],
    ['readable by others', () => chmod(keyFile, 0o604)],
    ['in a directory that others may write', () => chmod(join(home, 'config'), 0o777)],
    ['known under a second name', () => link(keyFile, join(home, 'copy'))],
    ['a symbolic link', () => moveAndLink()],
  ])('is refused when it is %s', async (_what, spoil) => {
    const blob = await fileSealer().wrap(root, place, never)
    await spoil()
    await expect(fileSealer().unwrap(blob, place, never)).rejects.toEqual(unsafe)
    await expect(fileSealer().health(never)).rejects.toEqual(unsafe)
  })

  it('is refused inside the data directory, directly and by way of a link', async () => {
    const inside = join(home, 'data', 'keys', 'sealer.key')
    await expect(fileSealer(inside).wrap(root, place, never)).rejects.toEqual(unsafe)
    await symlink(join(home, 'data'), join(home, 'alias'))
    const aliased = join(home, 'alias', 'sealer.key')
    await expect(fileSealer(aliased).wrap(root, place, never)).rejects.toEqual(unsafe)
  })

  it('is refused when it does not hold a key, and its text is not repeated', async () => {
    await mkdir(join(home, 'config'), { mode: 0o700 })
    await writeFile(keyFile, 'not-a-key-but-private', { mode: 0o600 })
    const failed = fileSealer().wrap(root, place, never)
    await expect(failed).rejects.toEqual(unavailable)
    await expect(failed).rejects.not.toMatchObject({
      facts: { problem: expect.stringContaining('private') },
    })
  })

  async function moveAndLink(): Promise<void> {
    const text = await readFile(keyFile)
    const elsewhere = join(home, 'elsewhere')
    await writeFile(elsewhere, text, { mode: 0o600 })
    await rm(keyFile)
    await symlink(elsewhere, keyFile)
  }
})
