import { Client } from 'pg'
import { describe, expect, it } from 'vitest'

import {
  soundSettings,
  startFakePostgres,
  type ServerSettings,
} from '../../../../../tests/support/fake-postgres.ts'
import { checkServer } from './check-server.ts'

async function check(over: Partial<ServerSettings>): Promise<void> {
  await using server = await startFakePostgres({ ...soundSettings, ...over })
  const client = new Client(server.url)
  await client.connect()
  try {
    await checkServer(client)
  } finally {
    await client.end()
  }
}

describe('a server of PostgreSQL (STO-5)', () => {
  it.each<Partial<ServerSettings>>([{}, { version: '150000' }, { commit: 'remote_apply' }])(
    'is used when its commits last: %o',
    async (over) => {
      await expect(check(over)).resolves.toBeUndefined()
    },
  )

  it.each<readonly [Partial<ServerSettings>, RegExp]>([
    [{ version: '140011' }, /PostgreSQL 14 is too old/],
    [{ encoding: 'LATIN1' }, /UTF8/],
    [{ fsync: 'off' }, /fsync/],
    [{ pages: 'off' }, /full_page_writes/],
    [{ commit: 'off' }, /synchronous_commit/],
  ])('is refused with %o, and the setting is named', async (over, problem) => {
    await expect(check(over)).rejects.toMatchObject({
      code: 'database_unsafe',
      facts: { problem: expect.stringMatching(problem) },
    })
  })
})
