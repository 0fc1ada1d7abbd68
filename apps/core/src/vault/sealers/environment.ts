import type { Secret } from '../../ground/secret.ts'
import type { Sealer } from '../sealer.ts'
import { parseKey } from './key-text.ts'
import { createLocalSealer } from './local-sealer.ts'

/** The weakest sealer: whoever can read this process's start environment has the key (VLT-24). */
export function createEnvironmentSealer(key: Secret<string>): Sealer {
  const read = (): Promise<Buffer> => Promise.resolve(parseKey(key.reveal(), 'PETA_SEALER_KEY'))
  return createLocalSealer('environment', { read, readOrMake: read })
}
