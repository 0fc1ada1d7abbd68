import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { createChecks, type Host } from './checks.ts'

const GIB = 1024 ** 3
const NOBODY = 'http://127.0.0.1:1'
const CANARY = 'canary-doctor-5f'

const roomy: Host = { nodeVersion: 'v26.1.0', freeBytes: async () => 100 * GIB }
let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'peta-doctor-'))
  vi.stubEnv('XDG_DATA_HOME', join(home, 'data'))
  vi.stubEnv('XDG_CONFIG_HOME', join(home, 'config'))
  for (const name of ['PETA_DATA_DIR', 'PETA_SEALER', 'PETA_SEALER_FILE']) {
    vi.stubEnv(name, undefined)
  }
  await mkdir(join(home, 'data/peta'), { recursive: true, mode: 0o700 })
  await mkdir(join(home, 'config/peta'), { recursive: true, mode: 0o700 })
  await keep('data/peta/host.key', CANARY)
  await keep('config/peta/sealer.key', CANARY)
  await keep('config/peta/session.json', session(Date.UTC(2100, 0)))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(home, { recursive: true, force: true })
})

const keep = (path: string, text: string) => writeFile(join(home, path), text, { mode: 0o600 })

const session = (expiresAt: number): string =>
  JSON.stringify({ url: NOBODY, token: CANARY, workspaceId: 'ws_1', userId: 'usr_1', expiresAt })

async function lineOf(name: string, host: Partial<Host> = {}, url = NOBODY) {
  const checks = await createChecks(url, { ...roomy, ...host })
  expect(JSON.stringify(checks)).not.toContain(CANARY)
  return checks.find((check) => check.name === name)
}

it('finds nothing wrong with a host that is in order, and prints no key', async () => {
  for (const name of [
    'Node.js',
    'data directory',
    'disk space',
    'host key',
    'sealer key',
    'session',
  ]) {
    expect(await lineOf(name)).toMatchObject({ state: 'ok' })
  }
})

it('asks for a newer Node', async () => {
  const line = await lineOf('Node.js', { nodeVersion: 'v22.9.0' })
  expect(line).toMatchObject({ state: 'failed', evidence: 'v22.9.0' })
  expect(line?.fix).toContain('Node 24')
})

it.each([
  ['data directory', 'data/peta', 0o750, 'chmod 700'],
  ['host key', 'data/peta/host.key', 0o640, 'chmod 600'],
  ['sealer key', 'config/peta/sealer.key', 0o604, 'chmod 600'],
  ['session', 'config/peta/session.json', 0o660, 'chmod 600'],
] as const)(
  'fails a %s that others may open, and says how to close it',
  async (name, path, mode, fix) => {
    await chmod(join(home, path), mode)
    expect(await lineOf(name)).toEqual({
      name,
      state: 'failed',
      evidence: `${join(home, path)}, mode ${mode.toString(8)}`,
      fix: `${fix} ${join(home, path)}`,
    })
  },
)

it.each([
  ['data directory', 'data/peta', 'npm start'],
  ['host key', 'data/peta/host.key', 'npm start'],
  ['sealer key', 'config/peta/sealer.key', 'npm start'],
  ['session', 'config/peta/session.json', 'peta login'],
])('warns of a %s that is not there, and says what makes it', async (name, path, maker) => {
  await rm(join(home, path), { recursive: true })
  const line = await lineOf(name)
  expect(line).toMatchObject({ state: 'warning' })
  expect(line?.evidence).toContain(join(home, path))
  expect(line?.fix).toContain(maker)
})

it('looks for no key file where the key comes from the environment', async () => {
  vi.stubEnv('PETA_SEALER', 'environment')
  expect(await lineOf('sealer key')).toBeUndefined()
})

it.each([
  ['ended', session(1)],
  ['damaged', '{'],
])('warns of a session that is %s', async (_, text) => {
  await keep('config/peta/session.json', text)
  expect(await lineOf('session')).toMatchObject({
    state: 'warning',
    fix: 'Sign in, on the host: peta login',
  })
})

it.each([
  [2, 'ok'],
  [1.9, 'warning'],
  [0.25, 'warning'],
  [0.24, 'failed'],
  [0, 'failed'],
])('says of %d GiB of free disk: %s', async (free, state) => {
  const line = await lineOf('disk space', { freeBytes: async () => free * GIB })
  expect(line).toMatchObject({ state })
  expect(line?.evidence).toContain(`${free.toFixed(1)} GiB free`)
})

it('says nothing of the disk of a folder that is not there', async () => {
  const absent = async () => Promise.reject(new Error('ENOENT'))
  expect(await lineOf('disk space', { freeBytes: absent })).toBeUndefined()
})

describe('of Core', () => {
  const healthy = {
    '/health': [200, { status: 'alive', version: '0.1.0' }],
    '/ready': [200, {}],
  } as const

  it('says only that nothing answers, when nothing does', async () => {
    expect(await lineOf('Core is alive')).toMatchObject({
      state: 'failed',
      evidence: `nothing answers at ${NOBODY}`,
    })
    expect(await lineOf('Core is ready')).toBeUndefined()
    expect(await lineOf('foreign origins are refused')).toBeUndefined()
  })

  it('says only that it is not Peta that answers, when it is not', async () => {
    await using server = await serve({ '/health': [200, { hello: CANARY }] })
    const line = await lineOf('Core is alive', {}, server.url)
    expect(line).toMatchObject({ state: 'failed' })
    expect(line?.evidence).toBe(`what answers at ${server.url} is not Peta`)
    expect(await lineOf('Core is ready', {}, server.url)).toBeUndefined()
  })

  it('repeats what keeps it from being ready', async () => {
    const obstacles = ['the vault is sealed', 'the database does not answer']
    await using server = await serve({ ...healthy, '/ready': [503, { obstacles }] })
    expect(await lineOf('Core is alive', {}, server.url)).toMatchObject({
      state: 'ok',
      evidence: `${server.url}, version 0.1.0`,
    })
    expect(await lineOf('Core is ready', {}, server.url)).toMatchObject({
      state: 'failed',
      evidence: obstacles.join('; '),
    })
  })

  it('says so when it does not say what keeps it', async () => {
    await using server = await serve({ ...healthy, '/ready': [502, 'no JSON of ours'] })
    expect(await lineOf('Core is ready', {}, server.url)).toMatchObject({
      state: 'failed',
      evidence: 'it does not say why',
    })
  })

  it('fails what serves a foreign origin, and what serves none passes', async () => {
    await using open = await serve(healthy)
    await using closed = await serve(healthy, 403)
    const name = 'foreign origins are refused'
    expect(await lineOf(name, {}, open.url)).toMatchObject({
      state: 'failed',
      evidence: 'answered 200',
    })
    expect(await lineOf(name, {}, closed.url)).toMatchObject({
      state: 'ok',
      evidence: 'answered 403',
    })
  })
})

type Answers = Readonly<Record<string, readonly [number, unknown]>>

/** A Core as `doctor` sees it; requests with an origin get `toForeign`, when it is given. */
async function serve(
  answers: Answers,
  toForeign?: number,
): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((request, response) => {
    const [status, body] = answers[request.url ?? ''] ?? [404, {}]
    answer(response, toForeign && request.headers.origin ? toForeign : status, body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
