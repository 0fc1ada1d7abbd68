import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { drafts as createDrafts } from '../../../../tests/support/stores.ts'
import { CoreError } from '../ground/errors.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { LogAppender } from './appender.ts'
import { openSqlite, type SqliteConnection } from './sqlite/database.ts'
import { migrateSqlite } from './sqlite/migrate-sqlite.ts'
import { sqliteWriter } from './sqlite/writer-connection.ts'
import type { WriterConnection } from './write-batch.ts'
import type { WriteCommand, WriteReply, WriteRequest } from './write-request.ts'
import { createWriter, type Writer } from './writer.ts'

const draft = createDrafts()
const anEvent = (): AuditDraft => draft({ type: 'server.changed', workspaceId: 'wsp_1' })

let sqlite: SqliteConnection
let committed: AuditDraft[]
let replies: WriteReply[]
let statements: string[]
let seq: number

beforeEach(async () => {
  sqlite = openSqlite(':memory:')
  await migrateSqlite(sqlite, { path: ':memory:', nowMs: 0, appVersion: 'test' })
  committed = []
  replies = []
  statements = []
  seq = 0
})
afterEach(() => sqlite[Symbol.dispose]())

const listAppender = (over: Partial<LogAppender> = {}): LogAppender => ({
  append: async (_db, batch) => ({ committed: () => void committed.push(...batch) }),
  arm: () => undefined,
  forget: () => undefined,
  ...over,
})

/** A writer whose transaction statements are noted, and can be made to fail or wait. */
function aWriter(
  over: Partial<WriterConnection> = {},
  appender: LogAppender = listAppender(),
): Writer {
  const real = sqliteWriter(sqlite)
  return createWriter({
    connection: {
      ...real,
      async begin(nowMs) {
        statements.push('begin')
        return real.begin(nowMs)
      },
      async commit() {
        statements.push('commit')
        return real.commit()
      },
      ...over,
    },
    appender,
    reply: (batch) => void replies.push(...batch),
    monotonicUs: () => 0,
    pause: async () => undefined,
  })
}

function request(
  command?: WriteCommand,
  drafts: readonly AuditDraft[] = [anEvent()],
): WriteRequest {
  seq += 1
  const bare = { seq, drafts, nowMs: 5, bytes: 100 }
  return command ? { ...bare, command } : bare
}

const acquire = (name: string): WriteCommand => ({
  name: 'lease.acquire',
  args: { name, owner: 'one', ttlMs: 1000 },
})
const failing: WriteCommand = {
  name: 'lease.renew',
  args: { name: 'nobody has it', owner: 'one', token: 1, ttlMs: 1000 },
}
const leases = () => sqlite.raw.prepare('select name from lease order by name').all()

describe('group commit (STO-31)', () => {
  it('answers nobody before COMMIT returned', async () => {
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    const writer = aWriter({
      async commit() {
        reached.resolve()
        await gate.promise
        sqlite.raw.exec('commit')
      },
    })
    writer.push([request(acquire('a')), request(), request(failing)])
    await reached.promise
    await new Promise((resolve) => void setImmediate(resolve))
    expect(replies).toEqual([])
    expect(committed).toEqual([])
    gate.resolve()
    await writer.quiet()
    expect(replies).toHaveLength(3)
    expect(committed).toHaveLength(2)
  })

  it('puts what is queued into one transaction, and at most 500 requests', async () => {
    const writer = aWriter()
    writer.push(Array.from({ length: 1200 }, () => request()))
    await writer.quiet()
    expect(statements.filter((one) => one === 'commit')).toHaveLength(3)
    expect(replies).toHaveLength(1200)
  })

  it('undoes a failing command alone and drops its events', async () => {
    const writer = aWriter()
    const bad = request(failing)
    writer.push([request(acquire('a')), bad, request(acquire('b'))])
    await writer.quiet()
    expect(leases()).toEqual([{ name: 'a' }, { name: 'b' }])
    expect(committed).not.toContain(bad.drafts[0])
    expect(committed).toHaveLength(2)
    expect(replies.filter((one) => 'error' in one)).toMatchObject([
      { seq: bad.seq, error: { code: 'lease_lost' } },
    ])
  })

  it('undoes what a failing command had written before it failed', async () => {
    const link = {
      workspaceId: 'wsp_1',
      id: 'lnk_1',
      kind: 'setup',
      hash: new Uint8Array(1),
      createdAtMs: 1,
      expiresAtMs: 2,
    }
    const writer = aWriter()
    // A new link ends earlier ones first; the second then meets the key of the first.
    const create: WriteCommand = { name: 'identity.createLink', args: link }
    writer.push([request(create), request(create)])
    await writer.quiet()
    expect(replies.map((reply) => 'error' in reply)).toEqual([false, true])
    expect(sqlite.raw.prepare('select used_at from one_time_link').all()).toEqual([
      { used_at: null },
    ])
  })

  it('fails the whole batch when its events cannot be recorded (AUD-22)', async () => {
    const append = async (): Promise<never> => {
      throw new CoreError('audit_unavailable')
    }
    const writer = aWriter({}, listAppender({ append }))
    writer.push([request(acquire('a')), request()])
    await writer.quiet()
    expect(leases()).toEqual([])
    expect(replies).toMatchObject([
      { error: { code: 'audit_unavailable' } },
      { error: { code: 'audit_unavailable' } },
    ])
  })

  it('still keeps house when events cannot be recorded', async () => {
    const append = async (): Promise<never> => {
      throw new CoreError('audit_unavailable')
    }
    const writer = aWriter({}, listAppender({ append }))
    writer.push([request(acquire('recorded')), request(acquire('house'), [])])
    await writer.quiet()
    expect(leases()).toEqual([{ name: 'house' }])
  })

  it('has the log find out where it stands when a commit breaks off', async () => {
    let forgotten = 0
    const broken = Object.assign(new Error('disk'), { errcode: 13 })
    const writer = aWriter(
      {
        async commit() {
          throw broken
        },
      },
      listAppender({ forget: () => void (forgotten += 1) }),
    )
    writer.push([request(acquire('a')), request()])
    await writer.quiet()
    expect(forgotten).toBe(1)
    expect(committed).toEqual([])
    expect(leases()).toEqual([])
    expect(replies).toMatchObject([
      { error: { code: 'storage_full' } },
      { error: { code: 'storage_full' } },
    ])
  })

  it('gives up the whole batch when the transaction is gone under it', async () => {
    const full = Object.assign(new Error('disk'), { errcode: 13 })
    let savepoints = 0
    const writer = aWriter({
      async savepoint(verb) {
        if (verb === 'savepoint' && (savepoints += 1) === 2) throw full
        sqlite.raw.exec(`${verb} one_command`)
      },
    })
    writer.push([request(acquire('a')), request(acquire('b')), request(acquire('c'))])
    await writer.quiet()
    expect(leases()).toEqual([{ name: 'c' }])
    expect(replies.map((reply) => 'error' in reply)).toEqual([true, true, false])
  })
})

describe('another try (STO-34)', () => {
  const busy = Object.assign(new Error('locked'), { errcode: 5 })

  it('repeats what met a lock, five times at most', async () => {
    let begun = 0
    const writer = aWriter({
      async begin() {
        begun += 1
        throw busy
      },
    })
    writer.push([request(acquire('a'))])
    await writer.quiet()
    expect(begun).toBe(5)
    expect(replies).toMatchObject([{ error: { code: 'store_busy' } }])
  })

  it('writes once when a later try succeeds', async () => {
    let tries = 0
    const writer = aWriter({
      async commit() {
        if ((tries += 1) < 3) throw busy
        sqlite.raw.exec('commit')
      },
    })
    writer.push([request(acquire('a')), request()])
    await writer.quiet()
    expect(replies).toHaveLength(2)
    expect(committed).toHaveLength(2)
    expect(leases()).toEqual([{ name: 'a' }])
  })

  it('asks a command with an id again when its commit broke off, and finds that it ran', async () => {
    let isBroken = true
    const writer = aWriter({
      async commit() {
        sqlite.raw.exec('commit')
        if (!isBroken) return
        isBroken = false
        throw Object.assign(new Error('reset'), { code: 'ECONNRESET' })
      },
    })
    writer.push([request({ ...acquire('a'), requestId: 'req_1' }), request(acquire('b'))])
    await writer.quiet()
    expect(sqlite.raw.prepare(`select token from lease where name = 'a'`).all()).toEqual([
      { token: 1 },
    ])
    expect(replies.toSorted((a, b) => a.seq - b.seq)).toMatchObject([
      { seq: 1, result: { token: 1 } },
      { seq: 2, error: { code: 'store_unavailable' } },
    ])
  })
})
