/** `npm run reference`: writes `docs/reference` anew, so that a page whose entry is gone goes too. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { referencePages } from './reference.ts'

const FOLDER = join(import.meta.dirname, '../docs/reference')

rmSync(FOLDER, { recursive: true, force: true })
for (const [path, text] of referencePages()) {
  mkdirSync(dirname(join(FOLDER, path)), { recursive: true })
  writeFileSync(join(FOLDER, path), text)
}
