import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { problems } from '@peta/contract'
import { expect, it } from 'vitest'

import { referencePages } from '../scripts/reference.ts'

const FOLDER = join(import.meta.dirname, '../docs/reference')

it('documents every problem, event, route and setting, and none that is gone (run: npm run reference)', () => {
  const written = new Map(
    globSync('**/*.md', { cwd: FOLDER }).map((path) => [
      path,
      readFileSync(join(FOLDER, path), 'utf8'),
    ]),
  )
  const wanted = referencePages()
  expect([...written.keys()].toSorted()).toEqual([...wanted.keys()].toSorted())
  expect([...wanted].filter(([path, text]) => written.get(path) !== text)).toEqual([])
})

it.each(Object.entries(problems))(
  '%s has a status, a title and a remedy that is a sentence',
  (_, problem) => {
    expect(problem.status).toBeGreaterThanOrEqual(400)
    expect(problem.title).toMatch(/^\S.*[^.]$/)
    expect(problem.remedy).toMatch(/^(\{\w+\}|[A-Z].*[^ ])$/s)
  },
)
