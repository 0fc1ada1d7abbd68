import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import { expect, it } from 'vitest'

import { NODE_FLAGS } from '../../../../scripts/node-flags.mjs'

/** Loads what Core's main thread does on SQLite, and prints which of the packages named it came to. */
const SCRIPT = `
  import { registerHooks } from 'node:module'
  const loaded = new Set()
  registerHooks({
    load(url, context, next) {
      loaded.add(/node_modules[/]((?:@[^/]+[/])?[^/]+)/.exec(url)?.[1])
      return next(url, context)
    },
  })
  const src = new URL('./apps/core/src/', 'file://' + process.cwd() + '/')
  const files = ['core', 'open-vault', 'open-stages', 'build-admin', 'build-mcp', 'http/listen']
  for (const file of [...files, 'store/open-store', 'store/sqlite/open-sqlite-store']) {
    await import(new URL(file + '.ts', src))
  }
  console.log(JSON.stringify([...loaded]))`

it('leaves the query builder to the threads of SQLite, and the driver of PostgreSQL unread (PERF-9)', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...NODE_FLAGS, '--input-type=module', '--eval', SCRIPT],
    { cwd: new URL('../../../../', import.meta.url) },
  )
  const loaded: unknown = JSON.parse(stdout)
  expect(loaded).toContain('undici')
  expect(loaded).not.toContain('kysely')
  expect(loaded).not.toContain('pg')
})
