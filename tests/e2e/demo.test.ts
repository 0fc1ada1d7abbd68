import { existsSync } from 'node:fs'
import { appendFile, copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'

import { connectClient } from '../support/clients.ts'
import { runInProcess } from '../support/cli-in-process.ts'
import { freePort, startTestCore } from '../support/core.ts'
import { startDemo, type Demo } from '../support/demo.ts'
import { startHttpServer } from '../support/http-server.ts'
import { becomeOwner } from '../support/owner.ts'

const ROOT = resolve(import.meta.dirname, '../..')

let home: string
let env: Record<
  'HOME' | 'XDG_DATA_HOME' | 'XDG_CONFIG_HOME' | 'PETA_PORT' | 'PETA_DEMO_PORT',
  string
>

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'peta-demo-'))
  env = {
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config'),
    PETA_PORT: `${await freePort()}`,
    PETA_DEMO_PORT: `${await freePort()}`,
  }
})

afterAll(() => rm(home, { recursive: true, force: true }))

const Configuration = z.object({
  mcpServers: z.object({
    peta: z.object({
      type: z.literal('http'),
      url: z.url(),
      headers: z.object({ Authorization: z.string().startsWith('Bearer peta_st_') }),
    }),
  }),
})

/** What a person would paste into a client: the one thing between braces. */
function connectAsPrinted(demo: Demo) {
  const [json = ''] = /^\{\n[^]*?^\}$/m.exec(demo.said()) ?? []
  const { url, headers } = Configuration.parse(JSON.parse(json)).mcpServers.peta
  return connectClient('client v2', url, headers.Authorization.replace('Bearer ', ''))
}

/** Runs a printed command as a person would who has only this home, and no settings. */
async function runPrinted(demo: Demo, beginning: string, code = '') {
  const line = demo
    .said()
    .split('\n')
    .find((one) => one.includes(`npm run peta -- ${beginning}`))
  const [, words = ''] = /npm run peta -- (.*?)(?: {3,}|$)/.exec(line ?? '') ?? []
  const { PETA_PORT: _, PETA_DEMO_PORT: __, ...own } = env
  const result = await runInProcess(words.replace('<code>', code).split(' '), own, '')
  expect({ words, ...result }).toMatchObject({ code: 0 })
  return result.stdout
}

/** Asks until the call waits; the test's own time limit bounds it. */
async function waitingCode(demo: Demo): Promise<string> {
  for (;;) {
    const [code] = /APR-\w+/.exec(await runPrinted(demo, 'approvals list')) ?? []
    if (code) return code
  }
}

/** Nothing but what a newcomer can use: no log, no link that has been used, no alarm. */
function expectPlainWords(demo: Demo): void {
  expect(demo.said()).not.toMatch(/\/setup#|"level"|crash|fail|error|exited|undefined/i)
  const [, paths = ''] = /Read on: (.*), npm run peta -- --help\n/.exec(demo.said()) ?? []
  const documents = paths.split(', ')
  expect(documents.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  expect(documents.length).toBeGreaterThan(1)
}

describe('the demo', () => {
  it('prints all that it takes to connect, to decide and to look back', async () => {
    await using demo = await startDemo(env)
    expect(demo.said()).toContain(
      'The demo workspace is ready, and you are signed in as its owner.',
    )
    expectPlainWords(demo)

    await using client = await connectAsPrinted(demo)
    const names = await client.toolNames()
    const promised = [...demo.said().matchAll(/\b(?:files|notes)__\w+/g)].map(([name]) => name)
    expect(promised.filter((name) => !names.includes(name))).toEqual(['notes__delete_note'])
    expect(await client.call('notes__list_notes', {})).toMatchObject({ isError: false })

    const note = { name: 'from-the-agent', body: 'Hello.' }
    const answer = client.call('notes__add_note', note)
    const approved = await runPrinted(demo, 'approvals approve', await waitingCode(demo))
    expect(approved).toMatch(/^APR-\w+ is APPROVED\.\n$/)
    expect(await answer).toMatchObject({ isError: false })
    expect((await client.call('notes__list_notes', {})).text).toContain('from-the-agent')

    expect(await runPrinted(demo, 'audit list')).toContain('add_note')
    expect(await runPrinted(demo, 'token issue')).toMatch(/^peta_st_\S+\n$/)
    expect(await runPrinted(demo, '--help')).toContain('Usage: peta')
    expect(await demo.stop()).toBe(0)
  })

  it('goes on where it ended when it is started again, and says so', async () => {
    await using demo = await startDemo(env)
    expect(demo.said()).toContain('The demo workspace goes on where it ended')
    expectPlainWords(demo)
    await using client = await connectAsPrinted(demo)
    expect(await client.call('notes__list_notes', {})).toMatchObject({ isError: false })
    expect(await runPrinted(demo, 'audit list')).toContain('add_note')
    expect(await demo.stop()).toBe(0)
  })

  it('goes on when its own API has another port, too', async () => {
    await using demo = await startDemo({ ...env, PETA_DEMO_PORT: `${await freePort()}` })
    expectPlainWords(demo)
    await using client = await connectAsPrinted(demo)
    expect(await client.call('notes__list_notes', {})).toMatchObject({ isError: false })
    expect((await client.call('notes__whoami', {})).text).toContain('[secret:notes-api-key]')
  })

  it('goes on when the program that starts its servers has been replaced', async () => {
    const node = join(home, 'node')
    await copyFile(process.execPath, node)
    await using first = await startDemo(env, node)
    expect(await first.stop()).toBe(0)
    await appendFile(node, '\0')
    await using demo = await startDemo(env, node)
    expectPlainWords(demo)
    await using client = await connectAsPrinted(demo)
    const answer = await client.call('files__list_allowed_directories', {})
    expect(answer).toMatchObject({ isError: false })
  })

  it('says in one line whose port it needs, and starts nothing', async () => {
    await using stranger = await startHttpServer((_request, response) => response.end())
    const port = `${stranger.port}`
    await expect(startDemo({ ...env, PETA_DEMO_PORT: port })).rejects.toThrow(
      new RegExp(`^[^\\n]*port ${port}\\.[^\\n]*PETA_DEMO_PORT[^\\n]*\\n$`),
    )
    await expect(startDemo({ ...env, PETA_PORT: port })).rejects.toThrow(
      new RegExp(`^[^\\n]*${port}[^\\n]*PETA_PORT[^\\n]*\\n$`),
    )
    await expect(startDemo({ ...env, PETA_PORT: 'x' })).rejects.toThrow(/^[^\n]*PETA_PORT[^\n]*\n$/)
  })

  it("leaves somebody's own workspace alone, and says where it could go", async () => {
    await using core = await startTestCore()
    await becomeOwner(core)
    await core.stop()
    const own = { ...core.env, PETA_DEMO_PORT: env.PETA_DEMO_PORT }
    await expect(startDemo(own)).rejects.toThrow(
      /^Peta listens [^\n]*\nThe workspace here is your own[^\n]*PETA_DATA_DIR=[^\n]*\n$/,
    )
    expect(existsSync(join(core.home, 'config/peta/session.json'))).toBe(false)
  })
})
