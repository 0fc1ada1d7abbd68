import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto'

import { decodeBase64 } from './base64.ts'
import { HASH_BYTES } from './merkle.ts'

/**
 * Signed notes: text with Ed25519 signatures by named keys, readable by any tool of that format.
 *
 * @see https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint
 */

/** What a checkpoint claims: the log named `origin` had `size` entries and this root. */
export type Checkpoint = Readonly<{ origin: string; size: number; root: Uint8Array }>

export type NoteSigner = Readonly<{
  name: string
  publicKey: Uint8Array
  /** The text, which must end in a newline, with its signature. */
  sign: (text: string) => string
}>

export const SEED_BYTES = 32

/** @throws RangeError when the seed is not 32 bytes or the name could be mistaken in a note */
export function createNoteSigner(name: string, seed: Uint8Array): NoteSigner {
  if (seed.length !== SEED_BYTES) throw new RangeError('an Ed25519 seed has 32 bytes')
  if (!NAME.test(name)) throw new RangeError('a key name holds no spaces and no "+"')
  const pkcs8 = Buffer.concat([PKCS8_ED25519, seed])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  pkcs8.fill(0)
  const publicKey = rawPublicKey(createPublicKey(privateKey).export({ format: 'jwk' }).x)
  const id = keyHash(name, publicKey)
  return {
    name,
    publicKey,
    sign: (text) => {
      const signature = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)])
      return `${text}\n${signatureLine(name, signature)}`
    },
  }
}

export const publicKeyOf = (seed: Uint8Array): Uint8Array => createNoteSigner('key', seed).publicKey

/** First four bytes of `SHA-256(name | 0x0A | 0x01 | public key)` (AUD-34). */
export const keyHash = (name: string, publicKey: Uint8Array): Buffer =>
  hash(
    'sha256',
    Buffer.concat([Buffer.from(`${name}\n`), ED25519_ALGORITHM, publicKey]),
    'buffer',
  ).subarray(0, KEY_HASH_BYTES)

/** The form in which other tools of the format take a public key. */
export const verifierKey = (name: string, publicKey: Uint8Array): string =>
  `${name}+${keyHash(name, publicKey).toString('hex')}+${Buffer.concat([ED25519_ALGORITHM, publicKey]).toString('base64')}`

/**
 * The text of a note that one of `publicKeys` signed under `name`, or nothing. Exactly one signature line is taken:
 * that is all that a log of Peta writes.
 */
export function openNote(
  note: string,
  name: string,
  publicKeys: readonly Uint8Array[],
): string | undefined {
  const end = note.lastIndexOf('\n\n')
  if (end < 0) return undefined
  const text = note.slice(0, end + 1)
  const signature = parseSignature(note.slice(end + 2), name)
  if (!signature) return undefined
  const isSigned = publicKeys.some(
    (publicKey) =>
      keyHash(name, publicKey).equals(signature.subarray(0, KEY_HASH_BYTES)) &&
      isSignedBy(publicKey, text, signature.subarray(KEY_HASH_BYTES)),
  )
  return isSigned ? text : undefined
}

export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`

/** Nothing unless the text is a checkpoint in its one spelling, without extension lines. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [origin = '', sizeText = '', rootText = ''] = text.split('\n')
  const size = Number(sizeText)
  const root = decodeBase64(rootText)
  if (!Number.isSafeInteger(size) || root?.length !== HASH_BYTES) return undefined
  const checkpoint = { origin, size, root }
  return checkpointText(checkpoint) === text ? checkpoint : undefined
}

const NAME = /^[A-Za-z0-9][\w./:-]{0,399}$/
const KEY_HASH_BYTES = 4
const SIGNATURE_BYTES = 64
const ED25519_ALGORITHM = Buffer.from([0x01])
/** The fixed start of a PKCS #8 Ed25519 key; the seed follows. @see RFC 8410 section 7 */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

const signatureLine = (name: string, signature: Uint8Array): string =>
  `\u2014 ${name} ${Buffer.from(signature).toString('base64')}\n`

/** Key hash and signature, when the line is in its one spelling. */
function parseSignature(line: string, name: string): Buffer | undefined {
  const encoded = line.slice(`\u2014 ${name} `.length, -1)
  const signature = decodeBase64(encoded)
  if (signature?.length !== KEY_HASH_BYTES + SIGNATURE_BYTES) return undefined
  return signatureLine(name, signature) === line ? signature : undefined
}

function isSignedBy(publicKey: Uint8Array, text: string, signature: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return verify(null, Buffer.from(text), key, signature)
}

function rawPublicKey(x: string | undefined): Buffer {
  if (x === undefined) throw new TypeError('an Ed25519 key has a public part')
  return Buffer.from(x, 'base64url')
}
