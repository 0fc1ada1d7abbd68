import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { ServerText } from '../../model/catalogue.ts'
import type { Profile } from '../../model/profile.ts'
import type { ServerRef } from '../../model/server.ts'
import { narrow } from '../../profile/narrow.ts'
import { instructionsFor } from './instructions.ts'
import type { McpReply } from '../outcome.ts'
import { createTestMcp, snapshotOf, testItems, testPrincipal, testProfile } from '../testing.ts'

const refOf = (id: string, slug: string): ServerRef => ({ id, slug, labels: [], transport: 'http' })
const textOf = (title: string, text: string): ServerText => ({
  server: refOf('srv_1', 'files'),
  title,
  text,
})

const catalogue = () => ({
  ...snapshotOf(testItems),
  instructions: [
    { server: refOf('srv_9', 'absent'), title: 'Absent', text: 'Nobody sees it.' },
    textOf('Files', 'Read first.'),
  ],
})
const open = () => createTestMcp({ catalogue, narrow })
const bodyOf = ({ body }: McpReply) => JSON.parse(body?.toString() ?? '{}')
const profile: Profile = { ...testProfile, instructions: 'Notes are in Markdown.' }
const shown = 'Notes are in Markdown.\n\n# Files\n\nRead first.'

describe('instructions (MCP-28)', () => {
  it('are the administrator\u2019s words, then those of servers that are seen here', async () => {
    const reply = await open().ask('server/discover', {}, { profile })
    expect(bodyOf(reply).result.instructions).toBe(shown)
  })

  it('are the same for older clients', async () => {
    const reply = await open().handle(
      {
        principal: testPrincipal,
        profile,
        body: Buffer.from('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'),
        headers: {},
        clientIp: '',
        viewer: () => undefined,
      },
      { notify: () => undefined },
      new AbortController().signal,
    )
    expect(bodyOf(reply).result.instructions).toBe(shown)
  })

  it('are those of servers alone where no profile says more', async () => {
    const { result } = bodyOf(await open().ask('server/discover'))
    expect(result.instructions).toBe('# Files\n\nRead first.')
  })

  it('are absent where nobody said anything, or nothing of a server is seen', async () => {
    const hidden = createTestMcp({ catalogue, isListed: () => false })
    for (const mcp of [createTestMcp(), hidden]) {
      expect(bodyOf(await mcp.ask('server/discover')).result).not.toHaveProperty('instructions')
    }
  })

  it('are 4 KiB at most, of whole texts, whatever servers say', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 3000 })
    fc.assert(
      fc.property(
        fc.option(text, { nil: undefined }),
        fc.array(text, { maxLength: 5 }),
        (own, all) => {
          const texts = all.map((one, at) => textOf(`S${at}`, one))
          const instructions = instructionsFor(own?.slice(0, 1000), texts) ?? ''
          expect(Buffer.byteLength(instructions)).toBeLessThanOrEqual(4096)
          for (const { title, text: said } of texts) {
            const isNamed = instructions.includes(`# ${title}\n\n`)
            expect(!isNamed || instructions.includes(`# ${title}\n\n${said}`)).toBe(true)
          }
        },
      ),
    )
  })
})
