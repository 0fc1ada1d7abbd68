import { once } from 'node:events'
import { chmod, mkdir, rename, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { freePort, startRefused, startTestCore, type TestCore } from '../support/core.ts'
import { soundSettings, startFakePostgres } from '../support/fake-postgres.ts'
import { mayMount, mountMemoryDisk } from '../support/mounts.ts'
import { becomeOwner, verifiedExport, type Owner } from '../support/owner.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { storedRows, type StoredRows } from '../support/stored-rows.ts'

const PASSWORD = 'hunter22-never-print-me'
const SECRET = 'canary-kept-across-every-refusal'

let core: TestCore
let owner: Owner
let before: StoredRows
/** Undone after each test, whatever became of it. */
let broken: AsyncDisposableStack

const dataDir = (): string => join(core.home, 'data', 'peta')
const databasePath = (): string => join(dataDir(), 'peta.db')
const keyFile = (): string => join(core.home, 'config', 'peta', 'sealer.key')

beforeAll(async () => {
  core = await startTestCore()
  owner = await becomeOwner(core)
  const { peta, workspace } = owner
  await peta.call('secrets.create', {
    params: { workspace },
    body: { name: 'kept', value: SECRET },
  })
  await core.stop()
  before = storedRows(databasePath())
})

afterAll(() => core?.[Symbol.asyncDispose]())

type Env = Readonly<Record<string, string>>
type Refusal = Readonly<{
  /** Breaks something, and gives the settings to start with. */
  arrange: () => Promise<Env> | Env
  sentence: RegExp
}>

const places: Readonly<Record<string, Refusal>> = {
  'an unknown setting': {
    arrange: () => ({ PETA_DATA_DRI: '/srv/peta' }),
    sentence: /PETA_DATA_DRI: no such setting/,
  },
  'contradictory settings': {
    arrange: () => ({ PETA_SEALER: 'environment', PETA_SEALER_KEY: 'A', PETA_SEALER_FILE: '/k' }),
    sentence: /remove one of them/,
  },
  'an address beyond this machine without TLS': {
    arrange: () => ({ PETA_BIND: '0.0.0.0' }),
    sentence: /Set PETA_PUBLIC_URL to the https address/,
  },
  'an address that this machine does not have': {
    arrange: () => ({ PETA_BIND: '192.0.2.1', PETA_PUBLIC_URL: 'https://peta.example' }),
    sentence: /set PETA_BIND to an address of this machine/,
  },
  'a port that is taken': {
    arrange: async () => ({ PETA_PORT: String(await takenPort()) }),
    sentence: /Stop what listens on 127\.0\.0\.1:\d+, or set PETA_PORT/,
  },
}

const directories: Readonly<Record<string, Refusal>> = {
  'a data directory that is a file': {
    arrange: () => ({ PETA_DATA_DIR: keyFile() }),
    sentence: /Make \S+ writable for this user, or choose another PETA_DATA_DIR/,
  },
  'a data directory that cannot be written': {
    arrange: async () => ({ PETA_DATA_DIR: await readOnlyFolder() }),
    sentence: /Make \S+ writable for this user, or choose another PETA_DATA_DIR/,
  },
  'a data directory whose parent cannot be written': {
    arrange: async () => ({ PETA_DATA_DIR: join(await readOnlyFolder(), 'peta') }),
    sentence: /Make \S+ writable for this user, or choose another PETA_DATA_DIR/,
  },
}

const keyFiles: Readonly<Record<string, Refusal>> = {
  'a key file that others may read': {
    async arrange() {
      await chmod(keyFile(), 0o644)
      broken.defer(() => chmod(keyFile(), 0o600))
      return {}
    },
    sentence: /run: chmod 600 \S+sealer\.key$/,
  },
  'a key file that is a symbolic link': {
    async arrange() {
      await moveAway(keyFile())
      await symlink(`${keyFile()}.away`, keyFile())
      return {}
    },
    sentence: /is a symbolic link; use the file itself/,
  },
  'a key file inside the data directory': {
    arrange: () => ({ PETA_SEALER_FILE: join(dataDir(), 'sealer.key') }),
    sentence: /set PETA_SEALER_FILE to a path outside/,
  },
  'a first start where no key file can be made': {
    arrange: async () => ({
      PETA_DATA_DIR: join(core.home, 'fresh'),
      PETA_SEALER_FILE: join(await readOnlyFolder(), 'keys', 'sealer.key'),
    }),
    sentence: /Let this user write \S+sealer\.key, or set PETA_SEALER_FILE/,
  },
  'a key file that is gone while its data is there': {
    async arrange() {
      await moveAway(keyFile())
      return {}
    },
    sentence: /Put \S+sealer\.key back, or set PETA_SEALER_FILE to where it is/,
  },
}

const schemas: Readonly<Record<string, Refusal>> = {
  'a database of a newer Peta': {
    arrange: () =>
      editLedger(
        `insert into schema_migration values (9999, 'future', 'x', 9999, 0, '7.1.0')`,
        'delete from schema_migration where version = 9999',
      ),
    sentence: /Start Peta 7\.1\.0 or newer/,
  },
  'a migration that was edited after it ran': {
    arrange: () =>
      editLedger(
        `update schema_migration set checksum = 'x' || checksum where version = 1`,
        'update schema_migration set checksum = substr(checksum, 2) where version = 1',
      ),
    sentence: /Restore the release that wrote migration 1-foundation/,
  },
}

const databases: Readonly<Record<string, Refusal>> = {
  'a PostgreSQL that nobody runs': {
    arrange: async () => ({
      PETA_DATABASE_URL: `postgres://peta:${PASSWORD}@127.0.0.1:${await freePort()}/peta`,
    }),
    sentence: /Nothing listens on 127\.0\.0\.1:\d+; start PostgreSQL or correct PETA_DATABASE_URL/,
  },
  'a PostgreSQL that does not know the database': {
    arrange: async () => ({
      PETA_DATABASE_URL: (await realDatabase()).url.replace(/\/t_/, '/no_'),
    }),
    sentence: /has no database "no_\w+"; create it or correct PETA_DATABASE_URL/,
  },
  'a PostgreSQL that is too old': {
    arrange: async () => ({ PETA_DATABASE_URL: await fakeDatabase({ version: '140012' }) }),
    sentence: /PostgreSQL 14 is too old; use 15 or newer/,
  },
  'a PostgreSQL that does not sync': {
    arrange: async () => ({ PETA_DATABASE_URL: await fakeDatabase({ fsync: 'off' }) }),
    sentence: /Set fsync to on in postgresql\.conf/,
  },
  'a database that is not in UTF8': {
    async arrange() {
      const { admin, url } = await realDatabase()
      await admin.query(`create database no_utf8 template template0 encoding 'SQL_ASCII'`)
      broken.defer(async () => void (await admin.query('drop database no_utf8 with (force)')))
      return { PETA_DATABASE_URL: new URL('/no_utf8', url).href }
    },
    sentence: /The database is in SQL_ASCII; create it in UTF8/,
  },
}

const refusals = { ...places, ...directories, ...keyFiles, ...schemas, ...databases }

describe('a start that cannot work says what to change in one sentence, ends with 1 and leaves the data alone', () => {
  it.each(Object.entries(refusals))('%s', async (_, { arrange, sentence }) => {
    await using undo = new AsyncDisposableStack()
    broken = undo
    const refused = await startRefused({ ...home(), ...(await arrange()) })
    await undo.disposeAsync()

    expect(refused.code).toBe(1)
    const sentences = spoken(refused.stderr)
    expect(sentences).toEqual([expect.stringMatching(sentence)])
    expect(refused.stderr + refused.stdout).not.toContain(PASSWORD)
    expect(refused.stderr).not.toMatch(/^\s+at /m)
    expect(touched()).toEqual([])
  })

  it('a second process on the same data, which names the first and does not disturb it (STO-11)', async () => {
    await core.start()
    const refused = await startRefused({ ...home(), PETA_PORT: '0' })
    expect(refused.code).toBe(1)
    expect(spoken(refused.stderr)).toEqual([
      expect.stringMatching(new RegExp(`Stop process ${core.pid()} on \\S+ \\(since [^)]+\\)`)),
    ])
    expect(await core.cli(['setup-link'])).toMatchObject({ code: 0 })
    expect(await core.stop()).toBe(0)
  })

  it('a second process with the same data directory, though the data is in PostgreSQL', async () => {
    await using database = await createTestDatabase()
    await using first = await startTestCore({ databaseUrl: database.url })
    const refused = await startRefused({ ...first.env, PETA_PORT: '0' })
    expect(refused.code).toBe(1)
    expect(spoken(refused.stderr)).toEqual([
      expect.stringMatching(new RegExp(`Stop process ${first.pid()} on`)),
    ])
    await becomeOwner(first)
  })

  it('starts on the same data once nothing is in the way', async () => {
    await core.start()
    const { items } = await owner.peta.call('secrets.list', {
      params: { workspace: owner.workspace },
      query: {},
    })
    expect(items).toMatchObject([{ name: 'kept' }])
    const { report } = await verifiedExport(owner, core.home)
    expect(report).toMatchObject({ verdict: 'verified', openIntents: { count: 0 } })
    expect(await core.stop()).toBe(0)
  })
})

const home = (): Env => ({ ...core.env, PETA_PORT: '0' })

/** What a person reads: everything that is not a line of the process log. */
const spoken = (stderr: string): readonly string[] =>
  stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))

/** The log may have grown, since a start and its end are recorded, and says that it did; nothing else may differ. */
function touched(): readonly string[] {
  const after = storedRows(databasePath())
  return Object.entries(before)
    .filter(([table, rows]) => {
      const now = new Set(after[table])
      const mayGrow = table.startsWith('audit_')
      const isKept = table === 'audit_log' || rows.every((row) => now.has(row))
      return !isKept || (!mayGrow && now.size !== new Set(rows).size)
    })
    .map(([table]) => table)
}

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  broken.defer(() => void server.close())
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/** Root writes anywhere but on a read-only disk. */
async function readOnlyFolder(): Promise<string> {
  const path = join(core.home, 'read-only')
  const disk = broken.use(await mountReadOnly(path))
  return disk.path
}

async function mountReadOnly(path: string): Promise<AsyncDisposable & { path: string }> {
  if (!mayMount) {
    await mkdir(path, { recursive: true, mode: 0o500 })
    return { path, [Symbol.asyncDispose]: () => chmod(path, 0o700) }
  }
  const disk = await mountMemoryDisk(path, 1024 * 1024)
  await disk.remount('ro')
  return disk
}

async function moveAway(path: string): Promise<void> {
  await rename(path, `${path}.away`)
  broken.defer(() => rename(`${path}.away`, path))
}

function editLedger(edit: string, undo: string): Env {
  const run = (sql: string): void => {
    using database = new DatabaseSync(databasePath())
    database.exec(sql)
  }
  run(edit)
  broken.defer(() => run(undo))
  return {}
}

async function realDatabase() {
  return broken.use(await createTestDatabase())
}

async function fakeDatabase(flaw: Partial<typeof soundSettings>): Promise<string> {
  return broken.use(await startFakePostgres({ ...soundSettings, ...flaw })).url
}
