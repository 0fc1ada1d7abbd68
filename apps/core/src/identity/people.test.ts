import { crc32 } from 'node:zlib'

import { beforeEach, describe, expect, it } from 'vitest'

import { LINK_LIFE_MS } from './links.ts'
import { SESSION_IDLE_MS, SESSION_LIFE_MS } from './sessions.ts'
import { openTestIdentity, type TestIdentity } from './testing.ts'

const ana = { email: 'ana@example.com', name: 'Ana' }
const HOUR_MS = 3_600_000
let at: TestIdentity
beforeEach(async () => {
  at = await openTestIdentity()
})

/** The same ids and checksum form with another secret: only a hash can tell. */
const wrongSecret = (link: string): string => {
  const start = `${link.slice(0, -53)}_${'A'.repeat(43)}`
  return `${start}_${crc32(start).toString(16).padStart(8, '0')}`
}

describe('set-up', () => {
  it('makes the workspace, its owner and a session with one link (IDN-64)', async () => {
    expect(await at.identity.setup.isDone()).toBe(false)
    const { kind, link } = await at.identity.links.create()
    expect(kind).toBe('setup')
    const { token, workspaceId } = await at.identity.setup.complete({ link, ...ana })
    expect(await at.identity.person(`Bearer ${token}`)).toMatchObject({
      workspaceId,
      role: 'owner',
      email: 'ana@example.com',
    })
    expect(await at.identity.setup.isDone()).toBe(true)
    expect(at.types()).toEqual(
      'login.link_created setup.completed user.created login.succeeded'.split(' '),
    )
  })

  it('has one winner among many at the same time (IDN-64)', async () => {
    const { link } = await at.identity.links.create()
    const other = await at.open()
    const tries = [at.identity, other, at.identity, other].map(({ setup }) =>
      setup.complete({ link, ...ana }),
    )
    const settled = await Promise.allSettled(tries)
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBe(1)
    expect(at.types().filter((type) => type === 'setup.completed').length).toBe(1)
  })

  it('is done once, whatever link is shown later (IDN-63)', async () => {
    const { link } = await at.identity.links.create()
    await at.identity.setup.complete({ link, ...ana })
    await expect(at.identity.setup.complete({ link, ...ana })).rejects.toMatchObject({
      code: 'setup_done',
    })
  })

  it('refuses a link after 30 minutes, and one that a newer replaced (IDN-63)', async () => {
    const first = await at.identity.links.create()
    const second = await at.identity.links.create()
    const invalid = { code: 'link_invalid' }
    await expect(at.identity.setup.complete({ link: first.link, ...ana })).rejects.toMatchObject(
      invalid,
    )
    at.advance(LINK_LIFE_MS)
    await expect(at.identity.setup.complete({ link: second.link, ...ana })).rejects.toMatchObject(
      invalid,
    )
    expect(await at.identity.setup.isDone()).toBe(false)
  })

  it('ends a link after five wrong secrets, and records each (IDN-63)', async () => {
    const { link } = await at.identity.links.create()
    const guess = wrongSecret(link)
    for (let tries = 0; tries < 5; tries++) {
      await expect(at.identity.setup.complete({ link: guess, ...ana })).rejects.toMatchObject({
        code: 'link_invalid',
      })
    }
    await expect(at.identity.setup.complete({ link, ...ana })).rejects.toMatchObject({
      code: 'link_invalid',
    })
    expect(at.types().filter((type) => type === 'login.failed').length).toBe(5)
    const next = await at.identity.links.create()
    await expect(at.identity.setup.complete({ link: next.link, ...ana })).resolves.toBeDefined()
  })

  it('survives four wrong secrets', async () => {
    const { link } = await at.identity.links.create()
    const guess = wrongSecret(link)
    for (let tries = 0; tries < 4; tries++) {
      await expect(at.identity.setup.complete({ link: guess, ...ana })).rejects.toThrow(
        'link_invalid',
      )
    }
    await expect(at.identity.setup.complete({ link, ...ana })).resolves.toBeDefined()
  })

  it('stores no secret of a link or session (IDN-12)', async () => {
    const { link } = await at.identity.links.create()
    const { token, workspaceId } = await at.identity.setup.complete({ link, ...ana })
    const [, , , id = ''] = token.split('_')
    const row = await at.store.query('identity.session', { workspaceId, id: `ses_${id}` })
    expect(row?.hash.length).toBe(32)
    const stored = JSON.stringify(at.store.drafts())
    for (const secret of [link, token]) expect(stored).not.toContain(secret.slice(-52, -9))
  })
})

describe('signing in', () => {
  it('works once with a link made on the host, for the owner (IDN-13)', async () => {
    const owner = await at.setUp()
    const { kind, link } = await at.identity.links.create()
    expect(kind).toBe('sign_in')
    const { token } = await at.identity.links.signIn(link)
    expect(await at.identity.person(`Bearer ${token}`)).toMatchObject({ userId: owner.userId })
    await expect(at.identity.links.signIn(link)).rejects.toMatchObject({ code: 'link_invalid' })
  })

  it.each(['', 'x', 'peta_ln__00', 'Bearer x'])('refuses the text %j as a link', async (text) => {
    await at.setUp()
    await expect(at.identity.links.signIn(text)).rejects.toMatchObject({ code: 'link_invalid' })
  })

  it('does not take a set-up link', async () => {
    const { link } = await at.identity.links.create()
    await expect(at.identity.links.signIn(link)).rejects.toMatchObject({ code: 'link_invalid' })
  })
})

describe('a session', () => {
  const sign = async () => {
    await at.setUp()
    const { link } = await at.identity.links.create()
    return `Bearer ${(await at.identity.links.signIn(link)).token}`
  }
  const unauthenticated = { code: 'unauthenticated' }
  /** Keeps the directory current while time passes. */
  const pass = async (ms: number) => {
    at.advance(ms)
    at.tick()
    await at.store.query('identity.owner', {})
    await new Promise((resolve) => setImmediate(resolve))
  }

  it('ends when it is not used for eight hours', async () => {
    const bearer = await sign()
    await pass(SESSION_IDLE_MS - 1)
    await expect(at.identity.person(bearer)).resolves.toBeDefined()
    await pass(SESSION_IDLE_MS - 1)
    await expect(at.identity.person(bearer)).resolves.toBeDefined()
    await pass(SESSION_IDLE_MS)
    await expect(at.identity.person(bearer)).rejects.toMatchObject(unauthenticated)
  })

  it('ends a day after sign-in, however much it is used', async () => {
    const bearer = await sign()
    for (let hours = 0; hours < 24; hours += 4) {
      await expect(at.identity.person(bearer)).resolves.toBeDefined()
      await pass(4 * HOUR_MS)
    }
    expect(SESSION_LIFE_MS).toBe(24 * HOUR_MS)
    await expect(at.identity.person(bearer)).rejects.toMatchObject(unauthenticated)
  })

  it('ends at once when its person signs out', async () => {
    const bearer = await sign()
    await at.identity.endSession(await at.identity.person(bearer))
    await expect(at.identity.person(bearer)).rejects.toMatchObject(unauthenticated)
    expect(at.types().at(-1)).toBe('session.ended')
  })

  it('ends when its token comes in a URL (IDN-14)', async () => {
    const bearer = await sign()
    await expect(at.identity.refuseInUrl(bearer.slice(7))).rejects.toMatchObject({
      code: 'credential_in_url',
    })
    await expect(at.identity.person(bearer)).rejects.toMatchObject(unauthenticated)
  })

  it('is refused with another secret, without a scheme, or without a header', async () => {
    const bearer = await sign()
    for (const header of [
      undefined,
      '',
      bearer.slice(7),
      bearer.replace('Bearer', 'Basic'),
      `Bearer ${wrongSecret(bearer.slice(7))}`,
    ]) {
      await expect(at.identity.person(header)).rejects.toMatchObject(unauthenticated)
    }
  })

  it('is never one of an agent, and an agent’s token never a person (APR-50)', async () => {
    const owner = await at.setUp()
    const agent = await at.identity.changes.createAgent(owner, {
      name: 'bot',
      ownership: 'user',
      labels: [],
    })
    const { token } = await at.identity.tokens.issue(owner, agent.id)
    await expect(at.identity.person(`Bearer ${token}`)).rejects.toMatchObject({
      code: 'human_session_required',
    })
    const { link } = await at.identity.links.create()
    const session = await at.identity.links.signIn(link)
    expect(() => at.identity.identify(`Bearer ${session.token}`, 'mcp')).toThrow('unauthenticated')
  })
})
