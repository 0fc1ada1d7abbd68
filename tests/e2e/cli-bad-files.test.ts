import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { runInProcess } from '../support/cli-in-process.ts'
import { startTestCore, type CliResult, type TestCore } from '../support/core.ts'
import { becomeOwner, type Owner } from '../support/owner.ts'

const MIB = 1024 ** 2
const folder = await mkdtemp(join(tmpdir(), 'peta-files-'))
const at = (name: string): string => join(folder, name)

let core: TestCore
let owner: Owner

beforeAll(async () => {
  await mkdir(at('empty-folder'))
  await mkdir(at('folder'))
  await writeFile(at('folder/other.txt'), 'something else')
  for (const [name, content] of [
    ['binary', Buffer.of(0x50, 0x4b, 0x03, 0x04, 0xff, 0xfe)],
    ['large', Buffer.alloc(20 * MIB, `${'# rules '.repeat(128)}\n`)],
    ['fits-not', Buffer.alloc(MIB - 1, '"\\\n')],
    ['text', 'not: [yaml'],
    ['number', '5'],
    ['null', 'null'],
  ] as const) {
    await writeFile(at(name), content)
    await mkdir(at(`export-of-${name}`))
    await writeFile(at(`export-of-${name}/audit.jsonl`), content)
  }
  await writeFile(at('empty'), '')
  await mkdir(at('export-of-empty'))
  await writeFile(at('export-of-empty/audit.jsonl'), '')
  core = await startTestCore()
  owner = await becomeOwner(core)
  await core.cli(['login'])
})

afterAll(async () => {
  await core?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const peta = (words: readonly string[]): Promise<CliResult> => runInProcess(words, core.env, '')

/** One line on stderr that names the file. */
function expectRefusal(result: CliResult, code: number, file: string): void {
  expect(result).toMatchObject({ code, stdout: '' })
  expect(result.stderr).toMatch(/^[^\n]{15,400}\n$/)
  expect(result.stderr).toContain(at(file))
  expect(result.stderr).not.toMatch(/\bat .*:\d+:\d+|E[A-Z]{4,}|undefined|Something in this/)
}

describe.each(['policy check', 'policy publish', 'server import'])('%s', (command) => {
  it.each([
    ['missing', 'There is no file'],
    ['empty', 'is empty'],
    ['folder', 'is a folder'],
    ['text/below', 'There is no file'],
    ['binary', 'is not UTF-8 text'],
    ['large', 'is larger than 1 MiB'],
  ])('says what is wrong with a file that is %s', async (file, words) => {
    const result = await peta([...command.split(' '), at(file)])
    expectRefusal(result, 2, file)
    expect(result.stderr).toContain(words)
  })

  it('leaves it to Core to refuse what grows too large on the way', async () => {
    const { code, stdout, stderr } = await peta([...command.split(' '), at('fits-not')])
    expect({ code, stdout }).toEqual({ code: command === 'server import' ? 2 : 1, stdout: '' })
    expect(stderr).toMatch(/^[^\n]{15,400}\n$/)
  })
})

it('reports what is wrong with rules that are no YAML, by line, and publishes nothing', async () => {
  const params = { workspace: owner.workspace }
  const before = await owner.peta.call('policy.versions', { params })
  const checked = await peta(['policy', 'check', at('text')])
  expect(checked.code).toBe(1)
  expect(checked.stdout).toMatch(/^error \w+ \(line \d+\): .+\n$/)
  expect(checked.stderr).toBe('These rules cannot be published.\n')
  for (const file of ['text', 'number']) {
    const published = await peta(['policy', 'publish', at(file)])
    expect(published).toMatchObject({ code: 1, stdout: '' })
    expect(published.stderr).toMatch(/^error \w+.*: .+\nNothing was published\.\n$/)
  }
  expect(await owner.peta.call('policy.versions', { params })).toEqual(before)
})

it('installs no server from what is no definition', async () => {
  const params = { workspace: owner.workspace }
  expectRefusal(await peta(['server', 'import', at('text')]), 2, 'text')
  for (const file of ['number', 'null']) {
    const { code, stdout, stderr } = await peta(['server', 'import', at(file)])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^The request is not valid[^\n]*\n$/)
  }
  expect(await owner.peta.call('servers.list', { params })).toMatchObject({ items: [] })
})

describe('audit verify', () => {
  it.each([
    'missing',
    'text',
    'folder',
    'empty-folder',
    'export-of-empty',
    'export-of-text',
    'export-of-binary',
    'export-of-number',
    'export-of-large',
  ])('has an exit code of its own for what is no export: %s', async (name) => {
    expectRefusal(await peta(['audit', 'verify', at(name)]), 3, name)
  })

  it.each([
    ['--keys', 'missing'],
    ['--keys', 'folder'],
    ['--keys', 'large'],
    ['--checkpoint', 'missing'],
    ['--checkpoint', 'binary'],
  ])('says which file of %s it cannot use: %s', async (option, name) => {
    expectRefusal(await peta(['audit', 'verify', at('folder'), option, at(name)]), 3, name)
  })

  it('says when the file of keys holds none', async () => {
    const { code, stdout, stderr } = await peta([
      'audit',
      'verify',
      at('folder'),
      '--keys',
      at('number'),
    ])
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(/^The file of --keys holds no keys[^\n]*\n$/)
  })
})

it('says where an export could not be written, and leaves none behind', async () => {
  expectRefusal(await peta(['audit', 'export', at('text')]), 1, 'text')
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([])
})
