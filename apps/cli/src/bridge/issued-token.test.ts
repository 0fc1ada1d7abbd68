import type { Peta } from '@peta/sdk'
import { expect, it } from 'vitest'

import { issuedToken } from './issued-token.ts'

const HOUR_MS = 3_600_000
const agent = { workspace: 'ws_1', agent: 'agt_1' }

/** An API that gives out numbered tokens, an hour each. */
function openSource(refuse: readonly string[] = []) {
  const asked: string[] = []
  let nowMs = 0
  const call = async (name: string): Promise<unknown> => {
    asked.push(name)
    if (refuse.includes(name)) throw new Error('refused')
    await Promise.resolve()
    const number = asked.length
    return { id: `tok_${number}`, token: `token-${number}`, expiresAt: nowMs + HOUR_MS }
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the source calls three routes of it, by name
  const peta = { call } as unknown as Peta
  const source = issuedToken({ peta, agent, nowMs: () => nowMs })
  return { ...source, asked, pass: (ms: number) => (nowMs += ms) }
}

it('is issued once, however many ask', async () => {
  const source = openSource()
  expect(await Promise.all([source.current(), source.current()])).toEqual(['token-1', 'token-1'])
  source.pass(HOUR_MS - 6 * 60_000)
  expect(await source.current()).toBe('token-1')
  expect(source.asked).toEqual(['tokens.issue'])
})

it('is replaced once before it ends (MCP-40)', async () => {
  const source = openSource()
  await source.current()
  source.pass(HOUR_MS - 5 * 60_000)
  expect(await Promise.all([source.current(), source.current()])).toEqual(['token-2', 'token-2'])
  expect(source.asked).toEqual(['tokens.issue', 'tokens.rotate'])
})

it('is issued anew where there is nothing left to replace', async () => {
  const source = openSource(['tokens.rotate'])
  await source.current()
  source.pass(2 * HOUR_MS)
  expect(await source.current()).toBe('token-3')
})

it('is another one when Core refused it, and the same when it was replaced meanwhile', async () => {
  const source = openSource()
  const first = await source.current()
  expect(await source.instead(first)).toBe('token-2')
  expect(await source.instead(first)).toBe('token-2')
})

it('is tried again after a failure', async () => {
  const refuse = ['tokens.issue']
  const source = openSource(refuse)
  await expect(source.current()).rejects.toThrow('refused')
  refuse.pop()
  expect(await source.current()).toBe('token-2')
})

it('is revoked at the end, and only if there was one', async () => {
  const source = openSource()
  await source.end()
  expect(source.asked).toEqual([])
  await source.current()
  await source.end()
  expect(source.asked).toEqual(['tokens.issue', 'tokens.revoke'])
})
