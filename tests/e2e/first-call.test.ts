import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'

import { connectClient, type TestClient } from '../support/clients.ts'
import { startTestCore, type TestCore } from '../support/core.ts'
import { databaseDump } from '../support/database-dump.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { allCommandLines, allFiles, officialServers, startNotesApi } from '../support/processes.ts'

/** The value that must never be seen outside its one destination. */
const KEY = 'canary-Zm9v+8c/4f1e-do-not-leak-me'
const encodings = [
  KEY,
  Buffer.from(KEY).toString('base64'),
  Buffer.from(`key=${KEY}`).toString('base64').slice(8, -4),
  Buffer.from(KEY).toString('hex'),
  encodeURIComponent(KEY),
  [...Buffer.from(KEY)].map((byte) => `%${byte.toString(16)}`).join(''),
]

const RULES = `
rules:
  - id: agents-inherit
    scope: { principals: ["agent-label:owned"], actions: [tool.call, resource.read, prompt.get, completion.get], resources: [any] }
    effect: allow
  - id: reads-run
    scope: { principals: [any], actions: [tool.call], resources: ["label:read"] }
    effect: allow
  - id: writes-ask
    scope: { principals: [any], actions: [tool.call], resources: ["label:write"] }
    effect: require_approval
  - id: deletes-denied
    scope: { principals: [any], actions: [tool.call], resources: ["label:destructive"] }
    effect: deny
`

describe.each(['sqlite', 'postgres'] as const)('the first governed call, on %s', (engine) => {
  let core: TestCore
  let notes: Awaited<ReturnType<typeof startNotesApi>>
  let files: string
  let token: string
  let database: TestDatabase | undefined
  const clients: TestClient[] = []

  beforeAll(async () => {
    if (engine === 'postgres') database = await createTestDatabase()
    notes = await startNotesApi(KEY)
    core = await startTestCore({ ...(database && { databaseUrl: database.url }) })
    files = join(core.home, 'files')
    await mkdir(files)
    await writeFile(join(files, 'hello.txt'), 'hello from a file')
    token = await setUp(core, notes.url, files)
  })

  afterAll(async () => {
    for (const client of clients) await client[Symbol.asyncDispose]()
    await core?.[Symbol.asyncDispose]()
    await notes?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  describe.each(['sdk v1', 'client v2'] as const)('with %s', (generation) => {
    let client: TestClient

    beforeAll(async () => {
      client = await connectClient(generation, core.url, token)
      clients.push(client)
    })

    it('lists what may be called, and not what is denied (POL-35, MCP-118)', async () => {
      const names = await client.toolNames()
      expect(names).toEqual(
        expect.arrayContaining([
          'files__read_text_file',
          'files__write_file',
          'notes__add_note',
          'everything__echo',
        ]),
      )
      expect(names).not.toContain('notes__delete_note')
      expect(names).toEqual(names.toSorted())
    })

    it('runs a read', async () => {
      const answer = await client.call('files__read_text_file', { path: join(files, 'hello.txt') })
      expect(answer).toMatchObject({ isError: false, text: 'hello from a file' })
    })

    it('holds a write until a person approves it, then runs it once (APR-2, APR-40)', async () => {
      const path = join(files, `${generation.replaceAll(' ', '-')}.txt`)
      const answer = client.call('files__write_file', { path, content: generation })
      const code = await waitingApproval(core)
      await expect(readFile(path)).rejects.toThrow('ENOENT')
      const approved = await core.cli(['approvals', 'approve', code])
      expect(approved).toMatchObject({ code: 0 })
      expect(approved.stderr).toContain(path)
      expect(await answer).toMatchObject({ isError: false })
      expect(await readFile(path, 'utf8')).toBe(generation)
      expect((await list(core, 'COMPLETED')).filter((entry) => entry.code === code)).toHaveLength(1)
    })

    it('tells the agent why a person said no', async () => {
      const answer = client.call('notes__add_note', { name: generation, body: 'x' })
      const code = await waitingApproval(core)
      await core.cli(['approvals', 'deny', code, '--reason', 'not on a Friday'])
      const { isError, text } = await answer
      expect(isError).toBe(true)
      expect(text).toContain('not on a Friday')
    })

    it('puts the key in front of the API, and takes it out of what comes back (VLT-60, VLT-61)', async () => {
      expect(await client.call('notes__list_notes', {})).toMatchObject({
        isError: false,
        text: 'welcome',
      })
      const echoed = await client.call('notes__whoami', {})
      expect(echoed.isError).toBe(false)
      expect(echoed.text).toContain('[secret:notes-key]')
      for (const form of encodings) expect(echoed.text).not.toContain(form)
    })

    it('answers a denied tool like one that does not exist (POL-36, MCP-107)', async () => {
      const denied = await refusalOf(client, 'notes__delete_note')
      expect(denied.code).toBe(-32602)
      expect(denied).toEqual(await refusalOf(client, 'notes__no_such_tool'))
    })
  })

  it('shows an agent token no admin API, and a stranger nothing at all (APR-50, IDN-38)', async () => {
    const asAgent = await fetch(`${core.url}/api/v1/me`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(asAgent.status).toBe(403)
    const stranger = await fetch(`${core.url}/mcp`, { method: 'POST', body: '{}' })
    expect(stranger.status).toBe(401)
    expect(stranger.headers.get('www-authenticate')).toMatch(/resource_metadata="[^"]+"/)
  })

  it('verifies its own export offline, and finds one flipped byte (AUD-2, AUD-40, A-52)', async () => {
    const folder = join(core.home, 'export')
    expect(await core.cli(['audit', 'export', folder])).toMatchObject({ code: 0 })
    const verified = await core.cli(['audit', 'verify', folder])
    expect(verified).toMatchObject({ code: 0 })
    expect(verified.stdout).toMatch(/complete/)

    const [path, bytes] = (await allFiles(folder)).toSorted(
      ([, a], [, b]) => b.length - a.length,
    )[0] ?? ['', Buffer.of()]
    const at = bytes.indexOf('"e":"') + 40
    bytes.writeUInt8(bytes.readUInt8(at) === 0x41 ? 0x42 : 0x41, at)
    await writeFile(path, bytes)
    const tampered = await core.cli(['audit', 'verify', folder])
    expect(tampered).toMatchObject({ code: 1 })
  })

  it('never shows the key: not to a client, in a log, a file, the export or a command line (VLT-32, VLT-43)', async () => {
    await new Promise((done) => setImmediate(done))
    const places: (readonly [string, Buffer | string])[] = [
      ...clients.map((client) => [client.generation, client.received()] as const),
      ['Core’s terminal', core.output()],
      ['command lines', await allCommandLines()],
      ...(await allFiles(core.home)),
      ...(database ? [['the database', await databaseDump(database.url)] as const] : []),
    ]
    expect(clients.map((client) => client.received().length)).not.toContain(0)
    const leaks = places.filter(([, text]) => encodings.some((form) => text.includes(form)))
    expect(leaks.map(([place]) => place)).toEqual([])
  })
})

/** As an administrator at a terminal would: everything by the command line. Resolves with the agent's token. */
async function setUp(core: TestCore, notesUrl: string, files: string): Promise<string> {
  const run = async (args: readonly string[], input?: string) => {
    const result = await core.cli(args, input)
    expect(result, `peta ${args.join(' ')}\n${result.stderr}`).toMatchObject({ code: 0 })
    return result.stdout.trim()
  }
  const { url } = JSON.parse(await run(['--json', 'setup-link']))
  await run(['setup', '--email', 'ana@example.com', '--name', 'Ana'], url)
  await run(['server', 'add', 'files', '--', process.execPath, officialServers.filesystem, files])
  await run(['server', 'add', 'everything', '--', process.execPath, officialServers.everything])
  await run(['server', 'add', 'notes', '--url', notesUrl, '--allow-loopback'])
  await run(['secret', 'put', 'notes-key'], KEY)
  await run(
    [
      'secret',
      'bind',
      'notes-key',
      'notes',
      '--header',
      'X-Api-Key',
      '--host',
      new URL(notesUrl).host,
    ],
    KEY,
  )
  await run(['server', 'refresh', 'notes'])
  await accept(run, 'files', 'read', ['read_text_file', 'list_directory'])
  await accept(run, 'files', 'write', ['write_file'])
  await accept(run, 'everything', 'read', ['echo'])
  await accept(run, 'notes', 'read', ['list_notes', 'whoami'])
  await accept(run, 'notes', 'write', ['add_note'])
  await accept(run, 'notes', 'destructive', ['delete_note'])
  const rules = join(core.home, 'rules.yaml')
  await writeFile(rules, RULES)
  await run(['policy', 'publish', rules, '--reason', 'first rules'])
  await run(['agent', 'create', 'claude'])
  return run(['token', 'issue', 'claude'])
}

async function accept(
  run: (args: readonly string[]) => Promise<string>,
  server: string,
  label: string,
  tools: readonly string[],
): Promise<void> {
  await run([
    'server',
    'accept',
    server,
    '--label',
    label,
    ...tools.flatMap((tool) => ['--item', `tool:${tool}`]),
  ])
}

const Refusal = z.object({ code: z.number(), message: z.string() })

async function refusalOf(client: TestClient, tool: string): Promise<z.infer<typeof Refusal>> {
  const answer = await client.call(tool, { name: 'welcome' }).catch((error: unknown) => error)
  return Refusal.parse(answer)
}

type Listed = Readonly<{ code: string; state: string }>

const list = async (core: TestCore, state: string): Promise<readonly Listed[]> =>
  JSON.parse((await core.cli(['--json', 'approvals', 'list', '--state', state])).stdout)

/** Asks until the call has reached the point where it waits; the test's own time limit bounds it. */
async function waitingApproval(core: TestCore): Promise<string> {
  for (;;) {
    const [first] = await list(core, 'PENDING')
    if (first) return first.code
  }
}
