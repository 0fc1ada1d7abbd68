import fc from 'fast-check'
import { expect, it } from 'vitest'

import { randomBytes } from './random.ts'
import { createSealedText } from './sealed-text.ts'

const texts = createSealedText<'cursor' | 'session'>(randomBytes(32))

it('opens what it sealed, for the purpose it was sealed for and under the same key', () => {
  const other = createSealedText<'cursor' | 'session'>(randomBytes(32))
  fc.assert(
    fc.property(fc.string(), (text) => {
      const sealed = texts.seal('cursor', text)
      expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/)
      expect(texts.open('cursor', sealed)).toBe(Buffer.from(text).toString('utf8'))
      expect(texts.open('session', sealed)).toBeUndefined()
      expect(other.open('cursor', sealed)).toBeUndefined()
    }),
  )
})

it('gives nothing for altered, cut or invented text (A-13, SEC-53)', () => {
  const sealed = texts.seal('cursor', 'page 2')
  for (let at = 0; at < sealed.length; at += 1) {
    for (const character of 'Aw-') {
      const altered = sealed.slice(0, at) + character + sealed.slice(at + 1)
      expect(texts.open('cursor', altered)).toBe(altered === sealed ? 'page 2' : undefined)
    }
    expect(texts.open('cursor', sealed.slice(0, at))).toBeUndefined()
  }
  for (const spelling of [`${sealed}=`, `${sealed} `, `.${sealed}`]) {
    expect(texts.open('cursor', spelling)).toBeUndefined()
  }
  fc.assert(fc.property(fc.string(), (text) => texts.open('cursor', text) === undefined))
})
