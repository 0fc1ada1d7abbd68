import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).filter(
  (file) => !file.startsWith('docs/reference/problems/'),
)

/** Where a path in a sentence may start. */
const BASES = ['', 'apps/core/src']

describe.each(documents)('%s', (file) => {
  const text = readFileSync(join(ROOT, file), 'utf8')

  it('links to files that exist', () => {
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(
      ([, target = '']) => target,
    )
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(file), target)))).toEqual([])
  })

  it('names files that exist', () => {
    const paths = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\/?)`/g)]
      .map(([, path = '']) => path)
      .filter((path) => /\.(ts|mjs|c|md)$|\/$/.test(path))
    const isThere = (path: string): boolean =>
      BASES.some((base) => existsSync(join(ROOT, base, path)))
    expect(paths.filter((path) => !isThere(path))).toEqual([])
  })
})

it('keeps the architecture to what can be read in one sitting', () => {
  const lines = readFileSync(join(ROOT, 'docs/ARCHITECTURE.md'), 'utf8').split('\n')
  expect(lines.length).toBeLessThanOrEqual(200)
})
