import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  newAgentToken,
  newLink,
  newSessionToken,
  parseAgentToken,
  parseLink,
  parseSessionToken,
} from './credential-text.ts'

const hex = fc.stringMatching(/^[0-9a-f]{32}$/)

describe('the text of a credential', () => {
  it('names its record and nothing else (IDN-12)', () => {
    fc.assert(
      fc.property(hex, hex, (workspace, own) => {
        const workspaceId = `wsp_${workspace}`
        expect(parseAgentToken(newAgentToken(`tok_${own}`))).toBe(`tok_${own}`)
        const session = { workspaceId, id: `ses_${own}` }
        expect(parseSessionToken(newSessionToken(session))).toEqual(session)
        for (const link of [
          { workspaceId, id: `lnk_${own}` },
          { workspaceId: '', id: `lnk_${own}` },
        ]) {
          expect(parseLink(newLink(link))).toEqual(link)
        }
      }),
    )
  })

  it('has the published form: ids, 43 characters of secret, a checksum', () => {
    const token = newAgentToken(`tok_${'a'.repeat(32)}`)
    expect(token).toMatch(/^peta_st_a{32}_[\w-]{43}_[0-9a-f]{8}$/)
    expect(newAgentToken(`tok_${'a'.repeat(32)}`)).not.toBe(token)
  })

  it('is refused after any change of one character (IDN-36)', () => {
    const token = newAgentToken(`tok_${'0'.repeat(32)}`)
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === '0' ? '1' : '0'
      expect(parseAgentToken(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined()
    }
  })

  it('is never taken for one of another kind (APR-50)', () => {
    const workspaceId = `wsp_${'1'.repeat(32)}`
    const texts = [
      newAgentToken(`tok_${'0'.repeat(32)}`),
      newSessionToken({ workspaceId, id: `ses_${'0'.repeat(32)}` }),
      newLink({ workspaceId, id: `lnk_${'0'.repeat(32)}` }),
    ]
    const kinds = texts.map((text) =>
      [parseAgentToken(text), parseSessionToken(text), parseLink(text)].map(Boolean),
    )
    expect(kinds).toEqual([
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ])
  })

  it('never makes a parser throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect([parseAgentToken(text), parseSessionToken(text), parseLink(text)]).toEqual([
          undefined,
          undefined,
          undefined,
        ])
      }),
    )
  })
})
