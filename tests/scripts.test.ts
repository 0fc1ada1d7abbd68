import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'peta-scripts-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('running a program', () => {
  const program = join(folder, 'program.ts')
  writeFileSync(
    program,
    `const code: number = Number(process.argv[2])
     process.on('SIGTERM', () => process.exit(7))
     if (code < 0) setTimeout(() => {}, 60_000)
     else process.exitCode = code
     console.log('up')`,
  )

  it('keeps its exit code', async () => {
    const { code, stdout } = await run(cloneOf(installed()), [
      'scripts/with-node.mjs',
      program,
      '5',
    ])
    expect({ code, stdout }).toEqual({ code: 5, stdout: 'up\n' })
  })

  it('passes SIGTERM on and waits for it to end', async () => {
    const child = start(cloneOf(installed()), ['scripts/with-node.mjs', program, '-1'])
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    expect(await once(child, 'close')).toEqual([7, null])
  })

  it('says what is missing when no file is named', async () => {
    const { code, stderr } = await run(cloneOf(installed()), ['scripts/with-node.mjs'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^peta: say which file to run[^\n]*\n$/)
  })
})

describe('installing into a fresh clone', () => {
  it.each([
    ['npm error code ENOSPC', /disk is full/],
    ['npm error code EACCES\nnpm error path /x', /may not write/],
    ['npm error code EINTEGRITY', /not the one the lock file names/],
    ['npm error code ECONNREFUSED', /registry cannot be reached/],
    ['npm error code E404', /registry does not have it/],
    ['npm error something nobody foresaw', /something nobody foresaw/],
  ])('ends in one sentence: %s', async (complaint, sentence) => {
    const clone = cloneOf()
    const npm = fakeNpm(`process.stderr.write(${JSON.stringify(complaint)}); process.exit(1)`)
    const { code, stderr } = await run(clone, ['scripts/start.mjs'], { npm_execpath: npm })
    const last = stderr.trim().split('\n').at(-1)
    expect(code).toBe(1)
    expect(last).toMatch(/^peta: could not install the packages: .*, and run this again\.$/)
    expect(last).toMatch(sentence)
  })

  it('never runs install scripts (SEC-100)', async () => {
    const clone = cloneOf()
    const npm = fakeNpm(`process.stderr.write(process.argv.slice(2).join(' ')); process.exit(1)`)
    const { stderr } = await run(clone, ['scripts/start.mjs'], { npm_execpath: npm })
    expect(stderr).toContain('ci --ignore-scripts')
  })

  it('stops at a lock file that cannot be read', async () => {
    const clone = cloneOf()
    writeFileSync(join(clone, 'package-lock.json'), '{')
    const { stderr } = await run(clone, ['scripts/start.mjs'])
    expect(stderr).toBe(
      'peta: package-lock.json is missing or broken; restore it: git checkout package-lock.json\n',
    )
  })

  it.each([
    ['a package of another version', { 'node_modules/a': { version: '1.0.1', integrity: 'x' } }],
    ['a package with another digest', { 'node_modules/a': { version: '1.0.0', integrity: 'y' } }],
    ['a missing package', {}],
    ['one package too many', { ...installed(), 'node_modules/b': { version: '1.0.0' } }],
  ])('installs again when it finds %s', async (_, found) => {
    const npm = fakeNpm('process.exit(1)')
    const { stderr } = await run(cloneOf(found), ['scripts/start.mjs'], { npm_execpath: npm })
    expect(stderr).toContain('Installing the packages')
  })

  it('installs nothing when all is there, without an optional package of another platform', async () => {
    const { stderr } = await run(cloneOf(installed()), ['scripts/start.mjs'])
    expect(stderr).toMatch(/^Node [\d.]+, packages as locked: nothing to install\.\n/)
  })
})

function installed() {
  return { 'node_modules/a': { version: '1.0.0', integrity: 'x' } }
}

/** A clone with a lock file of two packages, one of them optional, and `found` as what npm says it installed. */
function cloneOf(found?: object): string {
  const clone = mkdtempSync(join(folder, 'clone-'))
  cpSync(join(ROOT, 'scripts'), join(clone, 'scripts'), { recursive: true })
  const optional = { 'node_modules/other-os': { version: '1.0.0', optional: true } }
  const packages = { ...installed(), ...optional }
  writeFileSync(join(clone, 'package-lock.json'), JSON.stringify({ packages }))
  if (found) {
    mkdirSync(join(clone, 'node_modules'))
    const record = JSON.stringify({ packages: found })
    writeFileSync(join(clone, 'node_modules/.package-lock.json'), record)
  }
  return clone
}

function fakeNpm(source: string): string {
  const path = join(mkdtempSync(join(folder, 'npm-')), 'npm-cli.js')
  writeFileSync(path, source)
  return path
}

function start(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(cwd: string, args: readonly string[], env?: Readonly<Record<string, string>>) {
  const child = start(cwd, args, env)
  const text = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (text.stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (text.stderr += String(chunk)))
  const [code] = await once(child, 'close')
  return { code: Number(code), ...text }
}
