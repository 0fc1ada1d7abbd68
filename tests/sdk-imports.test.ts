import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { expect, it } from 'vitest'
import { z } from 'zod'

const ROOT = resolve(import.meta.dirname, '..')
const SDK = /(?:from|import\(|import|require\()\s*['"]@modelcontextprotocol\/([a-z-]+)/g
const FOR_TESTS = /\.test\.ts$|(?:^|\/)(?:testing|fixtures)\.ts$/

const packagesIn = (text: string): readonly string[] =>
  [...text.matchAll(SDK)].map(([, name]) => String(name))

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const sourcesOf = (pattern: string): readonly string[] =>
  globSync(pattern, { cwd: ROOT }).filter((file) => !FOR_TESTS.test(file))

it('finds an import of an SDK package however it is written', () => {
  for (const line of [
    `import { Client } from '@modelcontextprotocol/client'`,
    `import type { Client } from "@modelcontextprotocol/client"`,
    `import '@modelcontextprotocol/client'`,
    `const sdk = await import('@modelcontextprotocol/client')`,
    `const sdk = require('@modelcontextprotocol/client')`,
  ]) {
    expect(packagesIn(line)).toEqual(['client'])
  }
})

it('keeps the SDK out of everything that runs as Peta: no data path, header check, session or policy rests on it (MCP-161)', () => {
  const sources = sourcesOf('{apps,packages}/*/src/**/*.{ts,tsx}')
  expect(sources.length).toBeGreaterThan(100)
  expect(sources.filter((file) => packagesIn(read(file)).length > 0)).toEqual([])
})

const Manifest = z.looseObject({
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
})

it('pins the SDK packages that tests and examples use, and ships none (MCP-160)', () => {
  const manifests = globSync(['package.json', '{apps,packages}/*/package.json'], { cwd: ROOT })
  const isSdk = (name: string): boolean => name.startsWith('@modelcontextprotocol/')
  const parsed = manifests.map((file) => Manifest.parse(JSON.parse(read(file))))
  expect(parsed.flatMap(({ dependencies }) => Object.keys(dependencies)).filter(isSdk)).toEqual([])
  const pins = parsed.flatMap(({ devDependencies }) =>
    Object.entries(devDependencies).filter(([name]) => isSdk(name)),
  )
  expect(pins.length).toBeGreaterThan(3)
  for (const [, version] of pins) expect(version).toMatch(/^\d+\.\d+\.\d+(-[a-z0-9.]+)?$/)
})

// A request that nobody writes down cannot be made; a server's own is handed on under the method that it has.
it('names sampling only to tell it apart and to decide about it, and so never originates it (MCP-4)', () => {
  const naming = sourcesOf('apps/*/src/**/*.ts').filter((file) =>
    read(file).includes('sampling/createMessage'),
  )
  expect(naming.toSorted()).toEqual([
    'apps/core/src/gateway/questions/govern-questions.ts',
    'apps/core/src/model/question.ts',
    'apps/core/src/protocol/client-asks.ts',
  ])
})
