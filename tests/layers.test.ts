import { globSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

import { describe, expect, it } from 'vitest'

import { coreBreaches, workspaceBreaches } from './breaches.ts'
import { drivers, layers, powers, workspaces } from './layers.ts'

const ROOT = resolve(import.meta.dirname, '..')
const CORE = join(ROOT, 'apps/core/src')

const sources = (pattern: string): string[] =>
  globSync(pattern, { cwd: ROOT }).filter((file) => !/\.test\.tsx?$/.test(file))

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

describe('Core', () => {
  const files = sources('apps/core/src/**/*.ts')

  it('is seen by this test at all', () => {
    expect(files.length).toBeGreaterThan(20)
    expect(files).toContain('apps/core/src/gateway/governed-call.ts')
  })

  it('keeps to the table of layers and powers (SEC-40)', () => {
    expect(
      files.flatMap((file) => coreBreaches(relative(CORE, join(ROOT, file)), read(file))),
    ).toEqual([])
  })

  it('has no layer that depends on itself through others', () => {
    const reach = (layer: string): string[] =>
      (layers[layer] ?? []).flatMap((below) => [below, ...reach(below)])
    for (const layer of Object.keys(layers)) expect(reach(layer)).not.toContain(layer)
  })
})

describe('workspaces', () => {
  const files = sources('{apps,packages}/*/src/**/*.{ts,tsx}')

  it.each(Object.keys(workspaces))('%s is seen by this test', (home) => {
    expect(files.some((file) => file.startsWith(`${home}/`))).toBe(true)
  })

  it('import only what lies below them, and never an app', () => {
    expect(files.flatMap((file) => workspaceBreaches(file, read(file)))).toEqual([])
  })
})

describe('a planted breach is caught', () => {
  it.each([
    [
      'a stage importing a stage',
      `import { open } from '../vault/open.ts'`,
      'import vault/open.ts',
    ],
    ['a type from a stage', `import type { Open } from '../vault/open.ts'`, 'import vault/open.ts'],
    ['a floor above', `export { clear } from '../gateway/clear.ts'`, 'import gateway/clear.ts'],
    ['a composition file', `import { startCore } from '../core.ts'`, 'import core.ts'],
    ['a file outside', `import x from '../../../cli/src/main.ts'`, 'import ../../cli/src/main.ts'],
    [
      'an import over lines',
      `import {\n  a,\n  b,\n} from '../audit/log.ts'`,
      'import audit/log.ts',
    ],
    ['a side effect', `import '../audit/log.ts'`, 'import audit/log.ts'],
    ['a dynamic import', `await import('node:fs/promises')`, 'import node:fs/promises'],
    ['a computed import', `await import(name)`, 'use computed import'],
    ['an import computed from a literal', `await import('../' + name)`, 'use computed import'],
    ['a built-in without prefix', `import fs from 'fs/promises'`, 'import fs/promises'],
    ['a process', `import { spawn } from 'node:child_process'`, 'import node:child_process'],
    ['a thread', `import { Worker } from 'node:worker_threads'`, 'import node:worker_threads'],
    ['a key', `import { createHmac } from 'node:crypto'`, 'import node:crypto'],
    ['SQL', `import { sql } from 'kysely'`, 'import kysely'],
    ['a driver', `import pg from 'pg'`, 'import pg'],
    ['the built-in driver', `import { DatabaseSync } from 'node:sqlite'`, 'import node:sqlite'],
    ['a client', `import { Pool } from 'undici'`, 'import undici'],
    ['a socket', `import { connect } from 'node:net'`, 'import node:net'],
    [
      'a socket behind a harmless name',
      `import { isIP, connect } from 'node:net'`,
      'import node:net',
    ],
    ['a socket behind a star', `import * as net from 'node:net'`, 'import node:net'],
    ['a listener', `import { createServer } from 'node:http'`, 'import node:http'],
    ['a framework', `import { cors } from 'hono/cors'`, 'import hono/cors'],
    [
      'a second way to built-ins',
      `import { createRequire } from 'node:module'`,
      'import node:module',
    ],
    ['the environment', `const a = process.env['HOME']`, 'use process.env'],
    ['the environment in disguise', `const { env } = process['env']`, 'use process.env'],
    ['the environment by import', `import { env } from 'node:process'`, 'import node:process'],
    ['global fetch', `await fetch(url)`, 'use fetch'],
    ['built-ins at run time', `process.getBuiltinModule('fs')`, 'use process.getBuiltinModule'],
    ['code from text', `new Function('return 1')`, 'use code made from text'],
  ])('%s', (_, source, breach) => {
    expect(coreBreaches('policy/decide.ts', source)).toEqual([`policy/decide.ts may not ${breach}`])
  })

  it('the CEL library outside policy/', () => {
    const source = `import { parse } from '@marcbachmann/cel-js'`
    expect(coreBreaches('gateway/clear.ts', source)).toHaveLength(1)
    expect(coreBreaches('policy/compile.ts', source)).toEqual([])
  })

  it.each(['stray.ts', 'helpers/text.ts'])('a file in no layer: %s', (file) => {
    expect(coreBreaches(file, '')).toEqual([`${file} is in no layer`])
  })

  it.each([
    ['apps/cli/src/main.ts', `import { x } from '../../core/src/core.ts'`],
    ['packages/contract/src/a.ts', `import { x } from '@peta/sdk'`],
    ['apps/core/src/core.ts', `import { x } from '@peta/cli'`],
    ['packages/proof/src/a.ts', `import { connect } from 'node:net'`],
    ['packages/sdk/src/a.ts', `import { Pool } from 'undici'`],
    ['packages/new/src/a.ts', ''],
  ])('a workspace out of order: %s %s', (file, source) => {
    expect(workspaceBreaches(file, source)).toHaveLength(1)
  })
})

describe('the database (STO-2)', () => {
  const driverImports = drivers.flatMap((driver) => [
    `import { x } from '${driver}'`,
    `import type { X } from '${driver}/inner'`,
    `await import('${driver}')`,
  ])

  it.each(driverImports)('is reached from store/ alone: %s', (source) => {
    const allowed = Object.keys(layers).filter(
      (layer) => coreBreaches(`${layer}/planted.ts`, source).length === 0,
    )
    expect(allowed).toEqual(['store'])
    const outside = Object.keys(workspaces).filter((home) => home !== 'apps/core')
    for (const home of outside) {
      expect(workspaceBreaches(`${home}/src/planted.ts`, source)).toHaveLength(1)
    }
  })

  it('is opened by the folder of its engine and by no other file of store/', () => {
    const openers = sources('apps/core/src/store/**/*.ts')
      .filter((file) => /from '(?:pg|node:sqlite)'/.test(read(file)))
      .map((file) => file.split('/').at(-2))
    expect(new Set(openers)).toEqual(new Set(['sqlite', 'postgres']))
  })
})

describe('what is allowed stays allowed', () => {
  it.each([
    ['policy/decide.ts', `import { CoreError } from '../ground/errors.ts'`],
    ['policy/decide.ts', `import { order } from './order.ts'`],
    ['policy/decide.ts', `// see '../vault/open.ts' and process.env`],
    ['config/config.ts', `import { isIP } from 'node:net'\nprocess.env`],
    ['store/sqlite/open.ts', `import { DatabaseSync } from 'node:sqlite'`],
    ['core.ts', `import { serve } from './http/serve.ts'\nimport { Pool } from 'undici'`],
    ['writer-worker.ts', `import { parentPort } from 'node:worker_threads'`],
  ])('%s: %s', (file, source) => {
    expect(coreBreaches(file, source)).toEqual([])
  })

  it('gives every power to existing layers only', () => {
    for (const holders of Object.values(powers)) {
      for (const holder of holders) expect(layers).toHaveProperty(holder)
    }
  })
})
