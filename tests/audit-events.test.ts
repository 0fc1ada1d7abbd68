import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { auditEvents } from '@peta/contract'
import { expect, it } from 'vitest'

const CORE = join(import.meta.dirname, '../apps/core/src')

it('promises no event that nothing records (AUD-10)', () => {
  const text = globSync('**/*.ts', { cwd: CORE })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(CORE, file), 'utf8'))
    .join('\n')
  expect(Object.keys(auditEvents).filter((name) => !text.includes(`'${name}'`))).toEqual([])
})
