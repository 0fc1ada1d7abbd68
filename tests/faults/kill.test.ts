import { beforeAll, describe, expect, it } from 'vitest'

import { seededRandom } from '../support/seeded-random.ts'
import { killUnderLoad, type KillResult } from './kill-rounds.ts'

const KILLS = { sqlite: 20, postgres: 4 } as const
const ALL_ROUNDS_MS_MAX = 600_000

describe.each(['sqlite', 'postgres'] as const)('kill -9 of Core under load, on %s', (engine) => {
  const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1_000_000)
  let result: KillResult

  beforeAll(async () => {
    process.stdout.write(`kill -9 on ${engine}: repeat with FAULT_SEED=${seed}\n`)
    result = await killUnderLoad({ engine, kills: KILLS[engine], random: seededRandom(seed) })
  }, ALL_ROUNDS_MS_MAX)

  it('met Core at work', () => {
    const { journal } = result
    expect(journal.written.size).toBeGreaterThan(KILLS[engine])
    expect(journal.unanswered.size).toBeGreaterThan(0)
    expect(journal.reads.count).toBeGreaterThan(KILLS[engine])
    expect(journal.secrets.size).toBeGreaterThan(0)
  })

  it('does nothing twice, though every unanswered call comes back (APR-2)', () => {
    const twice = result.after.approvals.filter(({ key }) => result.effectsOf(key) > 1)
    expect(twice).toEqual([])
  })

  it('did each acknowledged write, and knows that it did (APR-36)', () => {
    const { journal, after, effectsOf } = result
    const completed = new Set(
      after.approvals.filter(({ state }) => state === 'COMPLETED').map(({ key }) => key),
    )
    const lost = [...journal.written].filter((key) => !completed.has(key) || effectsOf(key) !== 1)
    expect(lost).toEqual([])
  })

  it('gives back what was claimed and not sent, and says of what was sent that nobody knows (APR-37)', () => {
    const wrong = result.claims.filter(
      ({ isSent, state }) => state !== (isSent ? 'OUTCOME_UNKNOWN' : 'APPROVED'),
    )
    expect(wrong).toEqual([])
  })

  it('keeps every acknowledged vote, secret, rule and agent (STO-31)', () => {
    const { journal, after } = result
    const waiting = after.approvals.filter(({ state }) => state === 'PENDING').map(({ id }) => id)
    expect(waiting.filter((id) => journal.approved.has(id))).toEqual([])
    expect(missing(journal.secrets, after.secrets)).toEqual([])
    expect(missing(journal.policyVersions, after.policyVersions)).toEqual([])
    expect(missing(journal.agents, after.agents)).toEqual([])
  })

  it('has a record of all of it, in a log that verifies and leaves no call open (AUD-1, AUD-24)', () => {
    const { journal, after } = result
    expect(after).toMatchObject({ verdict: 'verified', openIntents: 0 })
    const countOf = (type: string, target?: string): number =>
      after.entries.filter(
        (entry) => entry.type === type && (target === undefined || entry.target === target),
      ).length
    expect(countOf('call.decided', 'count__read_note')).toBeGreaterThanOrEqual(journal.reads.count)
    expect(countOf('secret.created')).toBeGreaterThanOrEqual(journal.secrets.size)
    expect(countOf('agent.created')).toBeGreaterThanOrEqual(journal.agents.size)
    expect(countOf('policy.version_published')).toBeGreaterThanOrEqual(journal.policyVersions.size)
    const approved = after.entries.filter(({ type }) => type === 'approval.approved')
    expect(
      missing(
        journal.approved,
        approved.map(({ approvalId }) => approvalId),
      ),
    ).toEqual([])
    const sent = Map.groupBy(
      after.entries.filter(({ type }) => type === 'call.sent'),
      ({ approvalId }) => approvalId,
    )
    const completed = after.approvals.filter(({ state }) => state === 'COMPLETED')
    expect(completed.filter(({ id }) => sent.get(id)?.length !== 1)).toEqual([])
  })
})

function missing<T>(acknowledged: ReadonlySet<T>, kept: readonly (T | undefined)[]): readonly T[] {
  return [...acknowledged].filter((one) => !kept.includes(one))
}
