import { crc32 } from 'node:zlib'

import { beforeEach, describe, expect, it } from 'vitest'

import type { Person } from '../model/principal.ts'
import type { AgentRecord } from './records.ts'
import { openTestIdentity, type TestIdentity } from './testing.ts'

const HOUR_MS = 3_600_000
const unauthenticated = expect.objectContaining({ code: 'unauthenticated' })
let at: TestIdentity
let owner: Person
let agent: AgentRecord

beforeEach(async () => {
  at = await openTestIdentity()
  owner = await at.setUp()
  agent = await at.identity.changes.createAgent(owner, {
    name: 'assistant',
    ownership: 'user',
    labels: ['team:support'],
  })
})

const identify = (token: string, who = at.identity) => who.identify(`Bearer ${token}`, 'mcp')
const settle = async () => {
  at.tick()
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe('a token', () => {
  it('speaks for its agent and the person who owns it, from current records (IDN-6)', async () => {
    await at.identity.changes.putGroup(owner, 'support', [owner.userId])
    const { token, record } = await at.identity.tokens.issue(owner, agent.id)
    expect(identify(token)).toMatchObject({
      workspaceId: owner.workspaceId,
      user: { id: owner.userId, groups: ['support'], roles: ['owner'] },
      agent: { id: agent.id, labels: ['team:support', 'owned'], ownerId: owner.userId },
      tokenId: record.id,
    })
    expect(identify(token)).toBe(identify(token))
  })

  it('of an agent of the workspace speaks for no person', async () => {
    const shared = await at.identity.changes.createAgent(owner, {
      name: 'nightly',
      ownership: 'workspace',
      labels: [],
    })
    const { token } = await at.identity.tokens.issue(owner, shared.id)
    expect(identify(token)).not.toHaveProperty('user')
    expect(identify(token).agent).toMatchObject({ labels: [], ownerId: owner.userId })
  })

  it('has a scope key that changes with groups and labels and with nothing else', async () => {
    const tokens = [
      (await at.identity.tokens.issue(owner, agent.id)).token,
      (await at.identity.tokens.issue(owner, agent.id)).token,
    ] as const
    const before = identify(tokens[0]).scopeKey
    expect(identify(tokens[1]).scopeKey).toBe(before)
    await at.identity.changes.putGroup(owner, 'finance', [owner.userId])
    const inGroup = identify(tokens[0]).scopeKey
    expect(inGroup).not.toBe(before)
    await at.identity.changes.changeAgent(owner, agent.id, { labels: [] })
    expect(identify(tokens[0]).scopeKey).not.toBe(inGroup)
    await at.identity.changes.putGroup(owner, 'finance', [])
    await at.identity.changes.changeAgent(owner, agent.id, { labels: ['team:support'] })
    expect(identify(tokens[0]).scopeKey).toBe(before)
  })

  it('lives an hour unless told otherwise, 90 days at most, and is checked every time (IDN-18)', async () => {
    const { token } = await at.identity.tokens.issue(owner, agent.id)
    at.advance(HOUR_MS - 1)
    await settle()
    expect(identify(token).tokenId).toBeDefined()
    at.advance(1)
    expect(() => identify(token)).toThrow(unauthenticated)
    for (const life of [0, 59_999, 90 * 24 * HOUR_MS + 1, Number.NaN]) {
      await expect(
        at.identity.tokens.issue(owner, agent.id, { lifeMs: life }),
      ).rejects.toMatchObject({
        code: 'invalid_request',
      })
    }
  })

  it('ends at once when it is revoked, and stays ended (IDN-19)', async () => {
    const { token, record } = await at.identity.tokens.issue(owner, agent.id)
    identify(token)
    const key = { agentId: agent.id, tokenId: record.id }
    await at.identity.tokens.revoke(owner, key)
    expect(() => identify(token)).toThrow(unauthenticated)
    await at.identity.tokens.revoke(owner, key)
    expect(() => identify(token)).toThrow(unauthenticated)
  })

  it('ends in another process with the next look, without any hint (IDN-20)', async () => {
    const other = await at.open()
    const { token, record } = await at.identity.tokens.issue(owner, agent.id)
    await settle()
    expect(identify(token, other).tokenId).toBe(record.id)
    await at.identity.tokens.revoke(owner, { agentId: agent.id, tokenId: record.id })
    await settle()
    expect(() => identify(token, other)).toThrow(unauthenticated)
  })

  it('is replaced by another one: the old ends at once, or after the overlap (IDN-5)', async () => {
    const first = await at.identity.tokens.issue(owner, agent.id)
    const key = { agentId: agent.id, tokenId: first.record.id }
    const second = await at.identity.tokens.rotate(owner, key, { overlapMs: 60_000 })
    expect(second.record.id).not.toBe(first.record.id)
    expect(identify(first.token).agent.id).toBe(identify(second.token).agent.id)
    at.advance(60_000)
    await settle()
    expect(() => identify(first.token)).toThrow(unauthenticated)
    const last = await at.identity.tokens.rotate(owner, {
      agentId: agent.id,
      tokenId: second.record.id,
    })
    expect(() => identify(second.token)).toThrow(unauthenticated)
    expect(identify(last.token).agent.id).toBe(agent.id)
  })

  it('cannot be replaced twice, nor after its end', async () => {
    const { record } = await at.identity.tokens.issue(owner, agent.id)
    const key = { agentId: agent.id, tokenId: record.id }
    const tries = [1, 2, 3].map(() => at.identity.tokens.rotate(owner, key, { overlapMs: 60_000 }))
    const settled = await Promise.allSettled(tries)
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBe(1)
    await expect(at.identity.tokens.rotate(owner, key)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('can be revoked during the overlap that a rotation left it', async () => {
    const { token, record } = await at.identity.tokens.issue(owner, agent.id)
    const key = { agentId: agent.id, tokenId: record.id }
    await at.identity.tokens.rotate(owner, key, { overlapMs: 60_000 })
    await at.identity.tokens.revoke(owner, key)
    expect(() => identify(token)).toThrow(unauthenticated)
  })

  it('is revoked when it comes in a URL, and the refusal says only that (IDN-14)', async () => {
    const { token } = await at.identity.tokens.issue(owner, agent.id)
    const refused = { code: 'credential_in_url', facts: {} }
    await expect(at.identity.refuseInUrl(token)).rejects.toMatchObject(refused)
    expect(() => identify(token)).toThrow(unauthenticated)
    const count = at.types().length
    await expect(at.identity.refuseInUrl('no token')).rejects.toMatchObject(refused)
    expect(at.types().length).toBe(count)
  })

  it('is refused with another secret, whether or not the right one was just seen (IDN-12)', async () => {
    const { token } = await at.identity.tokens.issue(owner, agent.id)
    const start = `${token.slice(0, 40)}_${'A'.repeat(43)}`
    const forged = `${start}_${crc32(start).toString(16).padStart(8, '0')}`
    expect(() => identify(forged)).toThrow(unauthenticated)
    identify(token)
    expect(() => identify(forged)).toThrow(unauthenticated)
    await expect(at.identity.refuseInUrl(forged)).rejects.toThrow('credential_in_url')
    expect(identify(token).agent.id).toBe(agent.id)
  })

  it('for one profile is refused everywhere else, and so is what replaces it (MCP-112)', async () => {
    const terms = { profile: 'small' }
    const bound = await at.identity.tokens.issue(owner, agent.id, terms)
    const key = { agentId: agent.id, tokenId: bound.record.id }
    const next = await at.identity.tokens.rotate(owner, key, { overlapMs: 60_000 })
    for (const { token } of [bound, next]) {
      const header = `Bearer ${token}`
      expect(at.identity.identify(header, 'mcp/small').agent.id).toBe(agent.id)
      for (const other of ['mcp', 'mcp/smaller', 'mcp/', 'mcp/small/', 'api'] as const) {
        expect(() => at.identity.identify(header, other)).toThrow(unauthenticated)
      }
    }
  })

  it('for no profile in particular works at each of them (MCP-112)', async () => {
    const { token } = await at.identity.tokens.issue(owner, agent.id)
    expect(at.identity.identify(`Bearer ${token}`, 'mcp/small').agent.id).toBe(agent.id)
    expect(() => at.identity.identify(`Bearer ${token}`, 'api')).toThrow(unauthenticated)
  })

  it('is good for its one resource only (IDN-33)', async () => {
    const { token } = await at.identity.tokens.issue(owner, agent.id)
    expect(() => at.identity.identify(`Bearer ${token}`, 'api')).toThrow(unauthenticated)
  })

  it('of another agent or workspace is not there (IDN-82)', async () => {
    const { record } = await at.identity.tokens.issue(owner, agent.id)
    const notFound = { code: 'not_found' }
    const stranger = { ...owner, workspaceId: 'wsp_other' }
    const key = { agentId: agent.id, tokenId: record.id }
    await expect(at.identity.tokens.revoke(stranger, key)).rejects.toMatchObject(notFound)
    await expect(at.identity.tokens.issue(stranger, agent.id)).rejects.toMatchObject(notFound)
    await expect(
      at.identity.tokens.revoke(owner, { ...key, agentId: 'agt_other' }),
    ).rejects.toMatchObject(notFound)
    await expect(at.identity.changes.changeAgent(stranger, agent.id, {})).rejects.toMatchObject(
      notFound,
    )
  })

  it('shows when it was last used, without a write per call (IDN-13)', async () => {
    const { token, record } = await at.identity.tokens.issue(owner, agent.id)
    at.advance(1000)
    identify(token)
    identify(token)
    await settle()
    const [shown] = at.identity.directory.workspace(owner.workspaceId).tokensOf(agent.id)
    expect(shown?.lastUsedAtMs).toBe(record.createdAtMs + 1000)
  })

  it('never appears in an event (IDN-13)', async () => {
    const { token, record } = await at.identity.tokens.issue(owner, agent.id)
    await at.identity.tokens.rotate(owner, { agentId: agent.id, tokenId: record.id })
    expect(JSON.stringify(at.store.drafts())).not.toContain(token.slice(41, 84))
    expect(at.types().slice(-2)).toEqual(['token.issued', 'token.rotated'])
  })
})

describe('who may not act', () => {
  it('is every token of a suspended agent, until it is reinstated', async () => {
    const { token } = await at.identity.tokens.issue(owner, agent.id)
    identify(token)
    await at.identity.changes.changeAgent(owner, agent.id, { status: 'suspended' })
    expect(() => identify(token)).toThrow(unauthenticated)
    await at.identity.changes.changeAgent(owner, agent.id, { status: 'active' })
    expect(identify(token).agent.id).toBe(agent.id)
  })

  it('is anybody, while nobody could confirm for five seconds who may (IDN-21)', async () => {
    const { token } = await at.identity.tokens.issue(owner, agent.id)
    at.advance(5000)
    expect(identify(token).agent.id).toBe(agent.id)
    at.advance(1)
    expect(() => identify(token)).toThrow(expect.objectContaining({ code: 'store_unavailable' }))
    await settle()
    expect(identify(token).agent.id).toBe(agent.id)
  })

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic eDp5', 'Bearer peta_st_', 'Bearer a b'])(
    'is a caller with the header %j (IDN-36)',
    (header) => {
      expect(() => at.identity.identify(header, 'mcp')).toThrow(unauthenticated)
    },
  )
})

describe('a group', () => {
  it('has people of the workspace only, each once', async () => {
    const { userId } = owner
    const group = await at.identity.changes.putGroup(owner, 'ops', [userId, userId])
    expect(group).toEqual({ name: 'ops', members: [userId] })
    await expect(at.identity.changes.putGroup(owner, 'ops', ['usr_x'])).rejects.toMatchObject({
      code: 'not_found',
    })
    await at.identity.changes.putGroup(owner, 'ops', [])
    const workspace = at.identity.directory.workspace(owner.workspaceId)
    expect(workspace.groups()).toEqual([{ name: 'ops', members: [] }])
    expect(workspace.groupsOf(userId)).toEqual([])
  })
})
