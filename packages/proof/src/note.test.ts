import { expect, it } from 'vitest'

import {
  checkpointText,
  createNoteSigner,
  keyHash,
  openNote,
  parseCheckpoint,
  verifierKey,
} from './note.ts'

const seed = Buffer.alloc(32, 7)
const name = 'peta/dep_1/ins_1/1'
const signer = createNoteSigner(name, seed)
const checkpoint = { origin: name, size: 1000, root: Buffer.alloc(32, 1) }
const note = signer.sign(checkpointText(checkpoint))

it('reads and repeats the published example of the format (AUD-34)', () => {
  const publicKey = Buffer.from('GlzZBxQ8OExB6DDFvOEqqIF+xWSaqr8sMTiLNbLXRNY=', 'base64')
  const key = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
  const raw = Buffer.from(key.split('+').slice(2).join('+'), 'base64').subarray(1)
  const text =
    'If you think cryptography is the answer to your problem,\n' +
    "then you don't know what your problem is.\n"
  const signature =
    'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM='
  const published = `${text}\n\u2014 PeterNeumann ${signature}\n`

  expect(publicKey.length).toBe(32)
  expect(verifierKey('PeterNeumann', raw)).toBe(key)
  expect(openNote(published, 'PeterNeumann', [raw])).toBe(text)

  const secret = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1)
  expect(createNoteSigner('PeterNeumann', secret).sign(text)).toBe(published)
})

it('round-trips a checkpoint', () => {
  const text = openNote(note, name, [signer.publicKey])
  expect(text && parseCheckpoint(text)).toEqual(checkpoint)
})

it('opens only under its own name and key', () => {
  const other = createNoteSigner(name, Buffer.alloc(32, 8))
  expect(openNote(note, 'peta/dep_1/ins_1/2', [signer.publicKey])).toBeUndefined()
  expect(openNote(note, name, [other.publicKey])).toBeUndefined()
  expect(openNote(note, name, [])).toBeUndefined()
  expect(openNote(note, name, [other.publicKey, signer.publicKey])).toBeDefined()
})

it('notices every change of one byte, and every cut', () => {
  const bytes = Buffer.from(note)
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of [0x01, 0x20, 0x80]) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (bytes[at] ?? 0) ^ mask
      expect(openNote(flipped.toString('latin1'), name, [signer.publicKey])).toBeUndefined()
      expect(openNote(flipped.toString(), name, [signer.publicKey])).toBeUndefined()
    }
    expect(openNote(bytes.toString('utf8', 0, at), name, [signer.publicKey])).toBeUndefined()
  }
})

it('takes no second spelling of a checkpoint', () => {
  const text = checkpointText(checkpoint)
  const root = checkpoint.root.toString('base64')
  for (const other of [
    `${text}extension\n`,
    text.replace('1000', '01000'),
    text.replace('1000', '1e3'),
    text.replace(root, root.replace('=', '')),
    text.trimEnd(),
    '',
  ]) {
    expect(parseCheckpoint(other)).toBeUndefined()
  }
})

it('binds the key hash to the name', () => {
  expect(keyHash('a', signer.publicKey)).not.toEqual(keyHash('b', signer.publicKey))
})

it('refuses names and seeds that a note could not carry', () => {
  expect(() => createNoteSigner('with space', seed)).toThrow(RangeError)
  expect(() => createNoteSigner('a+b', seed)).toThrow(RangeError)
  expect(() => createNoteSigner('a', seed.subarray(1))).toThrow(RangeError)
})
