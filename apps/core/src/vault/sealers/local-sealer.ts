import { openEnvelope, sealEnvelope } from '../../crypto/envelope.ts'
import { createKey } from '../../crypto/key.ts'
import type { Sealer } from '../sealer.ts'

type LocalKeys = Readonly<{
  /** Each gives a fresh copy, cleared after use. */
  read: () => Promise<Buffer>
  readOrMake: () => Promise<Buffer>
}>

/** A sealer whose key this process reads itself, for as long as one wrap takes. */
export function createLocalSealer(kind: Sealer['kind'], keys: LocalKeys): Sealer {
  const id = kind
  async function withKey<T>(read: LocalKeys['read'], use: (key: Buffer) => T): Promise<T> {
    const bytes = await read()
    try {
      return use(bytes)
    } finally {
      bytes.fill(0)
    }
  }

  return {
    id,
    kind,
    wrap: (bytes, aad) =>
      withKey(keys.readOrMake, (key) => sealEnvelope({ id, key: createKey(key) }, bytes, aad)),
    unwrap: (blob, aad) =>
      withKey(keys.read, (key) => openEnvelope({ id, key: createKey(key) }, blob, aad)),
    health: () => withKey(keys.read, () => undefined),
  }
}
