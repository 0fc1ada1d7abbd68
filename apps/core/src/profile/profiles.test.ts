import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

import {
  createStorePlace,
  drafts,
  engines,
  type StorePlace,
} from '../../../../tests/support/stores.ts'
import type { Person } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import type { ProfileBody } from './body.ts'
import { openProfiles, type Profiles } from './profiles.ts'

const personOf = (workspaceId: string): Person => ({
  workspaceId,
  userId: 'usr_1',
  email: 'ana@example.com',
  name: 'Ana',
  role: 'owner',
  groups: [],
  sessionId: 'ses_1',
})
const ana = personOf('wsp_1')
const bo = personOf('wsp_2')
const everything = {
  title: 'All',
  servers: 'all',
  tools: 'all',
  disclosure: 'list',
  favourites: [],
  overrides: [],
  eras: 'any',
  appCalls: false,
  sse: false,
} satisfies ProfileBody
const refused = (code: string) => expect.objectContaining({ code })

describe.each(engines)('profiles on %s', (engine) => {
  let place: StorePlace
  let store: Store
  let profiles: Profiles
  let installed: readonly string[] = ['files', 'mail']

  const open = (): Promise<Profiles> =>
    openProfiles({
      store,
      draft: drafts(),
      servers: () => installed,
      log: { warn: () => undefined },
    })

  beforeAll(async () => {
    place = await createStorePlace(engine)
    store = await place.open()
    await setUp(store)
    profiles = await open()
  })
  afterAll(async () => {
    await profiles[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    await place[Symbol.asyncDispose]()
  })

  it('are known as soon as they are made, and to their workspace alone (SEC-54)', async () => {
    const made = await profiles.create(ana, 'one', everything)
    expect(made).toEqual({ workspaceId: 'wsp_1', name: 'one', revision: 1, ...everything })
    expect(profiles.find('wsp_1', 'one')).toEqual(made)
    expect(profiles.find('wsp_2', 'one')).toBeUndefined()
    expect(profiles.isKnown('one')).toBe(true)
    await expect(profiles.remove(bo, 'one')).rejects.toEqual(refused('not_found'))
    expect(profiles.list('wsp_2')).toEqual([])
  })

  it('change in what is named, and keep the rest', async () => {
    await profiles.create(ana, 'two', { ...everything, servers: ['files'], unprefixed: 'files' })
    const changed = await profiles.change(ana, 'two', { title: 'Two', tools: ['files/*'] })
    const kept = { servers: ['files'], unprefixed: 'files' }
    expect(changed).toMatchObject({ title: 'Two', tools: ['files/*'], revision: 2, ...kept })
    const bare = await profiles.change(ana, 'two', { unprefixed: null })
    expect(bare).not.toHaveProperty('unprefixed')
  })

  it('never get the name of another one, removed ones included', async () => {
    await profiles.create(ana, 'gone', everything)
    await expect(profiles.create(ana, 'gone', everything)).rejects.toEqual(
      refused('already_exists'),
    )
    await profiles.remove(ana, 'gone')
    expect(profiles.find('wsp_1', 'gone')).toBeUndefined()
    expect(profiles.isKnown('gone')).toBe(false)
    await expect(profiles.create(ana, 'gone', everything)).rejects.toEqual(
      refused('already_exists'),
    )
  })

  it.each<[string, Partial<Parameters<Profiles['create']>[2]>]>([
    ['a server that is not installed', { servers: ['filse'] }],
    ['a tool of a server it has not', { servers: ['mail'], tools: ['files/read'] }],
    ['an un-prefixed server it has not', { servers: ['mail'], unprefixed: 'files' }],
  ])('refuse %s', async (_, choice) => {
    const input = { ...everything, ...choice }
    await expect(profiles.create(ana, 'wrong', input)).rejects.toEqual(refused('invalid_request'))
    expect(profiles.isKnown('wrong')).toBe(false)
  })

  it('can still be changed when a server that they have is gone', async () => {
    const had = { servers: ['mail'], tools: ['mail/*'], unprefixed: 'mail' }
    await profiles.create(ana, 'left-behind', { ...everything, ...had })
    installed = ['files']
    const changed = await profiles.change(ana, 'left-behind', { title: 'Left behind' })
    expect(changed).toMatchObject({ title: 'Left behind', ...had })
    const others = { servers: ['files', 'mail', 'never'] }
    await expect(profiles.change(ana, 'left-behind', others)).rejects.toEqual(
      refused('invalid_request'),
    )
    installed = ['files', 'mail']
  })

  it('lose no change to another that came first', async () => {
    await profiles.create(ana, 'contested', everything)
    const changes = await Promise.allSettled(
      ['A', 'B'].map((title) => profiles.change(ana, 'contested', { title })),
    )
    expect(changes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(changes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'conflict' },
    })
  })

  it('are seen by another process without being told (STO-43)', async () => {
    const other = await open()
    await profiles.create(ana, 'news', everything)
    await vi.waitFor(() => expect(other.find('wsp_1', 'news')).toBeDefined(), 3000)
    await profiles.remove(ana, 'news')
    await vi.waitFor(() => expect(other.find('wsp_1', 'news')).toBeUndefined(), 3000)
    await other[Symbol.asyncDispose]()
  })
})

async function setUp(store: Store): Promise<void> {
  const { workspaceId, userId } = ana
  const event = drafts()({ type: 'setup.completed', workspaceId })
  const hash = new Uint8Array([1])
  const link = { workspaceId, id: 'lnk_1' }
  const times = { createdAtMs: 1, expiresAtMs: 3 }
  await store.command('identity.createLink', { ...link, kind: 'setup', hash, ...times }, [event])
  const session = { id: 'ses_1', userId, hash, createdAtMs: 1, endsAtMs: 3 }
  const user = { id: userId, email: 'ana@example.com', name: 'Ana' }
  const workspace = { id: workspaceId, name: 'One' }
  await store.command('identity.completeSetup', { link, atMs: 2, workspace, user, session }, [
    drafts()({ type: 'setup.completed', workspaceId }),
  ])
}
