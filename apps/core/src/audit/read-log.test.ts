import { createVerifier, publicKeyOf } from '@peta/proof'
import { beforeEach, describe, expect, it } from 'vitest'

import { createIds } from '../ground/ids.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import { openTestStore, type TestStore } from '../store/testing.ts'
import { createCallEvents } from './call-events.ts'
import { createDraft } from './event.ts'
import { exportLog } from './export.ts'
import { auditKeys } from './keys.ts'
import { createLogAppender, type ArmableAppender } from './log.ts'
import { recover } from './recover.ts'
import { searchLog } from './search.ts'
import { aDecision, anIntent } from './testing.ts'

let nowMs = 1_790_000_000_000
const clock = { nowMs: () => nowMs, monotonicUs: () => 0 }
const newId = createIds(clock)
const draft = createDraft({ clock, newId })
const events = createCallEvents({ clock, newId })
const config = { deploymentId: 'dep_1', instanceId: 'ins_1', seed: Buffer.alloc(32, 7) }
const ana = { workspaceId: 'wsp_1', userId: 'usr_1' }
const done = { outcome: 'executed', durationUs: 1 } as const
const inWorkspace = (workspaceId: string): AuditDraft => draft({ type: 'audit.read', workspaceId })

let appender: ArmableAppender
let store: TestStore
const append = (drafts: readonly AuditDraft[]) => store.append(drafts)
const parts = () => ({
  query: store.query,
  housekeep: store.housekeep,
  append,
  draft,
  ...config,
})

function restart(): void {
  appender = createLogAppender()
  appender.arm(config)
}

beforeEach(async () => {
  restart()
  store = await openTestStore({
    clock,
    appender: {
      append: (...args) => appender.append(...args),
      arm: (next) => appender.arm(next),
      forget: () => appender.forget(),
    },
  })
})

describe('an export', () => {
  const lines = async (person = ana) => {
    let text = ''
    for await (const part of exportLog(parts(), person)) text += part
    return text.split('\n').slice(0, -1)
  }
  const verify = (exported: readonly string[]) => {
    const verifier = createVerifier({ publicKeys: [publicKeyOf(config.seed)] })
    for (const line of exported) verifier.push(line)
    return verifier.finish()
  }

  it('of several logs verifies offline, page after page (AUD-40)', async () => {
    await append(Array.from({ length: 1500 }, (_, i) => inWorkspace(`wsp_${i % 2}`)))
    for (let i = 0; i < 9; i++) await append([inWorkspace('wsp_1')])
    restart()
    await append([inWorkspace('wsp_1')])
    const report = verify(await lines())
    expect(report).toMatchObject({
      verdict: 'verified',
      logs: [
        { logId: 'ins_1/1', size: 1510, provenSize: 1510 },
        { logId: 'ins_1/2', size: 2, provenSize: 2 },
      ],
    })
  })

  it('shows one workspace and hashes of the rest (AUD-42)', async () => {
    const secretly = { type: 'audit.read', workspaceId: 'wsp_2', target: 'canary' } as const
    await append([inWorkspace('wsp_1'), draft(secretly), inWorkspace('wsp_1')])
    const exported = await lines()
    expect(verify(exported).exitCode).toBe(0)
    const shown = exported.flatMap((line) => {
      const { e }: { e?: string } = JSON.parse(line)
      return e === undefined ? [] : [Buffer.from(e, 'base64').toString()]
    })
    expect(shown.length).toBe(2)
    expect(shown.join('')).not.toMatch(/canary|wsp_2/)
  })

  it('notices a row that was changed in the database (AUD-2)', async () => {
    await append([inWorkspace('wsp_1'), inWorkspace('wsp_1'), inWorkspace('wsp_1')])
    const real = appender
    appender = {
      ...real,
      async append({ db }) {
        const forged = Buffer.from('{"v":1,"idx":2,"log_id":"ins_1/1","workspace_id":"wsp_1"}')
        await db.updateTable('audit_event').set({ body: forged }).where('idx', '=', 2).execute()
        return { committed: () => undefined }
      },
    }
    await append([inWorkspace('wsp_1')])
    appender = real
    expect(verify(await lines())).toMatchObject({ exitCode: 1, logs: [{ firstBadIndex: 2 }] })
  })

  it('is recorded before its first line (AUD-50)', async () => {
    await append([inWorkspace('wsp_1')])
    const reading = exportLog(parts(), ana)
    await reading.next()
    const { items } = await searchLog(parts(), ana, { type: 'audit.exported' })
    expect(items).toMatchObject([
      { event: { actor: { user_id: 'usr_1' }, detail: { entries: 2 } } },
    ])
  })

  it('comes with keys that any tool of signed notes takes (AUD-35)', async () => {
    await append([inWorkspace('wsp_1')])
    expect(await auditKeys(parts())).toMatchObject({
      deployment_id: 'dep_1',
      keys: [
        {
          public_key: Buffer.from(publicKeyOf(config.seed)).toString('base64'),
          verifier_keys: [expect.stringMatching(/^peta\/dep_1\/ins_1\/1\+[0-9a-f]{8}\+/)],
        },
      ],
    })
  })
})

describe('a search', () => {
  it('finds entries of one workspace, newest first, in pages without gap or repeat (IDN-82)', async () => {
    const mine: string[] = []
    for (let i = 0; i < 25; i++) {
      nowMs += i % 3 === 0 ? 0 : 1
      const own = inWorkspace('wsp_1')
      mine.unshift(own.id)
      await append([own, inWorkspace('wsp_2')])
    }
    const found: string[] = []
    const toMs = nowMs + 1
    nowMs += 10
    let cursor: string | undefined
    do {
      const page = await searchLog(parts(), ana, { toMs, limit: 4, ...(cursor && { cursor }) })
      found.push(...page.items.map((item) => item.id))
      cursor = page.next
    } while (cursor !== undefined)
    expect(found).toEqual(mine)
  })

  it('filters by type, outcome and time', async () => {
    const at = nowMs
    await append([events.decided(anIntent())])
    nowMs += 1000
    await append([events.decided(anIntent({ decision: aDecision({ effect: 'deny' }) }))])
    const outcomes = async (filter: Parameters<typeof searchLog>[2]) =>
      (await searchLog(parts(), ana, filter)).items.map((item) => item.outcome)
    expect(await outcomes({ type: 'call.decided' })).toEqual(['denied', 'allowed'])
    expect(await outcomes({ outcome: 'denied' })).toEqual(['denied'])
    expect(await outcomes({ type: 'call.decided', toMs: at + 1000 })).toEqual(['allowed'])
    expect(await outcomes({ type: 'call.decided', fromMs: at + 1 })).toEqual(['denied'])
  })

  it('is itself an event, with its filter and count (AUD-50)', async () => {
    await searchLog(parts(), ana, { outcome: 'denied' })
    const { items } = await searchLog(parts(), ana, { type: 'audit.read' })
    expect(items[0]?.event).toMatchObject({ detail: { filter: { outcome: 'denied' }, count: 0 } })
  })

  it.each(['x', '', 'bm9wZQ', '{}'])('refuses %j as a cursor', async (cursor) => {
    await expect(searchLog(parts(), ana, { cursor })).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })
})

describe('recovery', () => {
  const start = async () => {
    restart()
    await append([draft({ type: 'system.started', workspaceId: '' })])
    return recover(parts())
  }

  it('closes each intent that a crash left open, once (AUD-24)', async () => {
    const lost = [events.decided(anIntent()), events.decided(anIntent())]
    const waited = events.decided(anIntent({ decision: aDecision({ effect: 'require_approval' }) }))
    const denied = events.decided(anIntent({ decision: aDecision({ effect: 'deny' }) }))
    const ended = events.decided(anIntent())
    const sent = draft({ type: 'call.sent', workspaceId: 'wsp_1', causeId: lost[0]?.id ?? '' })
    await append([...lost, waited, denied, ended, sent])
    await append([events.completed(anIntent(), ended.id, done)])

    expect(await start()).toBe(3)
    const { items } = await searchLog(parts(), ana, { type: 'call.outcome_unknown' })
    const causes = items.map(({ event }) => JSON.stringify(event))
    for (const { id } of [...lost, waited]) {
      expect(causes.filter((text) => text.includes(`"cause_id":"${id}"`)).length).toBe(1)
    }
    expect(await start()).toBe(0)
    expect(await store.query('audit.unknownOutcomes', { workspaceId: 'wsp_1' })).toBe(3)
  })

  it('leaves calls of the present run alone', async () => {
    await append([draft({ type: 'system.started', workspaceId: '' })])
    await append([events.decided(anIntent())])
    expect(await recover(parts())).toBe(0)
  })

  it('goes on where a crash during recovery stopped it', async () => {
    await append([events.decided(anIntent()), events.decided(anIntent())])
    restart()
    const broken = { ...parts(), housekeep: () => Promise.reject(new Error('crash')) }
    await append([draft({ type: 'system.started', workspaceId: '' })])
    await expect(recover(broken)).rejects.toThrow('crash')
    expect(await start()).toBe(0)
  })

  it('finishes more than one page', async () => {
    await append(Array.from({ length: 1201 }, () => events.decided(anIntent())))
    expect(await start()).toBe(1201)
  })
})
