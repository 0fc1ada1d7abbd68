import fc from 'fast-check'
import { expect, it } from 'vitest'

import { randomBytes } from '../crypto/random.ts'
import { createSealedText } from '../crypto/sealed-text.ts'
import type { Person } from '../model/principal.ts'
import type { AdminCommands, AdminRequest } from './command.ts'
import { sealCursors, type CursorPurpose } from './list-cursors.ts'
import { pageOf } from './page.ts'

const KEY = randomBytes(32)
const ENTRIES = Array.from({ length: 10 }, (_, at) => `secret-name-${at}`)

const list = async ({ query }: { query: { cursor?: string; limit?: number } }) =>
  pageOf(ENTRIES, (entry) => entry, query)

/** What a list does with its own cursors is its business; these page through the same ten names. */
function aliasedLists(key: Uint8Array = KEY) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- lists alone are called
  const lists = {
    'agents.list': list,
    'tokens.list': list,
    'audit.list': list,
    'approvals.list': list,
  } as unknown as AdminCommands
  return sealCursors(lists, createSealedText<CursorPurpose>(key))
}

const person = (workspaceId: string): Person => ({
  workspaceId,
  userId: 'usr_1',
  email: 'ana@example.com',
  name: 'Ana',
  role: 'owner',
  groups: [],
  sessionId: 'ses_1',
})

type Asked = Readonly<{
  name?: 'agents.list' | 'tokens.list' | 'audit.list' | 'approvals.list'
  workspace?: string
  params?: Readonly<Record<string, string>>
  query?: Readonly<Record<string, unknown>>
  key?: Uint8Array
}>

async function ask({
  name = 'audit.list',
  workspace = 'wsp_1',
  params = {},
  query = {},
  key = KEY,
}: Asked): Promise<{ items: unknown[]; next?: string | undefined }> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the list reads of a request
  const request = { person: person(workspace), params, query } as unknown as AdminRequest<
    typeof name
  >
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one command stands for all
  const command = aliasedLists(key)[name] as unknown as (
    r: typeof request,
  ) => ReturnType<typeof list>
  return command(request)
}

const first = { workspace: 'wsp_1', query: { type: 'call.decided', limit: 3 } } as const

it('takes a reader through a list, whatever the size of the next page', async () => {
  const seen: unknown[] = []
  let next: string | undefined
  for (const limit of [3, 1, 4, 200]) {
    const page = await ask({
      query: { type: 'call.decided', limit, ...(next && { cursor: next }) },
    })
    seen.push(...page.items)
    next = page.next
  }
  expect(seen).toEqual(ENTRIES)
  expect(next).toBeUndefined()
})

it('says nothing of what the list holds (STO-29)', async () => {
  const { next = '' } = await ask(first)
  expect(next).toMatch(/^[A-Za-z0-9_-]+$/)
  expect(Buffer.from(next, 'base64url').toString('latin1')).not.toContain('secret-name')
  expect((await ask(first)).next).not.toBe(next)
})

it.each<[string, Asked]>([
  ['another workspace', { ...first, workspace: 'wsp_2' }],
  ['another list', { ...first, name: 'approvals.list' }],
  ['another filter', { ...first, query: { type: 'call.completed' } }],
  ['a filter more', { ...first, query: { ...first.query, outcome: 'denied' } }],
  ['no filter', { ...first, query: {} }],
  ['another thing of the same kind', { ...first, params: { agent: 'agt_2' } }],
  ['another deployment', { ...first, key: randomBytes(32) }],
])('gives a cursor that opens nothing in %s (STO-29)', async (_, asked) => {
  const { next } = await ask(first)
  await expect(ask({ ...first, query: { ...first.query, cursor: next } })).resolves.toBeDefined()
  await expect(ask({ ...asked, query: { ...asked.query, cursor: next } })).rejects.toMatchObject({
    code: 'invalid_request',
    facts: { problem: expect.stringMatching(/^query\.cursor: /) },
  })
})

it('refuses a cursor with any character changed, added or missing (STO-29)', async () => {
  const { next = '' } = await ask(first)
  const altered = fc.oneof(
    fc
      .tuple(fc.nat(next.length - 1), fc.constantFrom(...Array.from('AZaz09-_ .+/=é')))
      .map(([at, character]) => next.slice(0, at) + character + next.slice(at + 1)),
    fc.nat(next.length - 1).map((length) => next.slice(0, length)),
    fc.string({ minLength: 1 }).map((text) => next + text),
    fc.string(),
  )
  await fc.assert(
    fc.asyncProperty(altered, async (cursor) => {
      fc.pre(cursor !== next)
      await expect(ask({ ...first, query: { ...first.query, cursor } })).rejects.toMatchObject({
        code: 'invalid_request',
      })
    }),
  )
})
