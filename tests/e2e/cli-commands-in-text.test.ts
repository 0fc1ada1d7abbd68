import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, expect, it } from 'vitest'

import { createProgram } from '../../apps/cli/src/program.ts'
import { examples } from '../../apps/cli/src/examples.ts'
import { runInProcess } from '../support/cli-in-process.ts'
import { commandSamples } from '../support/cli-samples.ts'
import { petaCommandsIn } from '../support/shell-words.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const home = await mkdtemp(join(tmpdir(), 'peta-words-'))
const env = { XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, PETA_URL: 'http://127.0.0.1:1' }
const commands = commandSamples({ file: 'x', definition: 'x', folder: 'x' }).map(({ name }) => name)

afterAll(() => rm(home, { recursive: true, force: true }))

/** Nobody is signed in here, so what is used rightly ends there; wrong use would have ended before. */
async function expectTaken(words: readonly string[]): Promise<void> {
  if (words[0] === 'start' || words.includes('--help')) return
  const { code, stderr } = await runInProcess(words, env, 'value')
  expect({ words, code, stderr }).not.toMatchObject({ code: 2 })
}

it('helps with every command, and shows examples that it takes', async () => {
  for (const name of commands) {
    const { code, stdout } = await runInProcess([...name.split(' '), '--help'], env, '')
    expect({ name, code }).toEqual({ name, code: 0 })
    for (const example of examples[name] ?? []) expect(stdout).toContain(`\n  ${example}\n`)
    for (const words of petaCommandsIn(stdout.split('For example:')[1] ?? '')) {
      expect(words.join(' ')).toMatch(new RegExp(`^${name} `))
      await expectTaken(words)
    }
  }
  expect(Object.keys(examples).filter((name) => !commands.includes(name))).toEqual([])
})

it('describes every command, argument and option in one voice', () => {
  const described = [createProgram()].flatMap(function all(one): (typeof program)[] {
    return [one, ...one.commands.flatMap(all)]
  })
  for (const one of described.slice(1)) {
    expect(one.description()).toMatch(/^[a-zA-Z"].*[^.]$/)
    for (const option of one.options) expect(option.description).toMatch(/^[a-zA-Z0-9].*[^.]$/)
  }
})

const program = createProgram()
const documents = globSync(['README.md', 'docs/**/*.md', 'apps/cli/README.md'], { cwd: ROOT })

it.each(documents.filter((file) => petaCommandsIn(textOf(file)).length > 0))(
  '%s shows commands that peta takes',
  async (file) => {
    for (const words of petaCommandsIn(textOf(file))) await expectTaken(words)
  },
)

function textOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

it('names commands that there are, wherever a problem or a message names one', () => {
  const files = globSync(['apps/*/src/**/*.ts', 'packages/*/src/**/*.ts', '*.md', 'docs/**/*.md'], {
    cwd: ROOT,
  })
  const groups = new Set(
    commands.filter((name) => name.includes(' ')).map((name) => name.split(' ')[0]),
  )
  const named = files.flatMap((file) =>
    [
      ...textOf(file).matchAll(
        /(?:\bwith|\brun|:|[`"]) (?:npm run )?peta (?:-- )?([a-z][a-z-]+)(?: ([a-z][a-z-]+))?/g,
      ),
    ].map(([, first = '', second = '']) => ({
      file,
      name: groups.has(first) ? `${first} ${second}` : first,
    })),
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter(({ name }) => !commands.includes(name))).toEqual([])
})
