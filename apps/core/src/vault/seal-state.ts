import { CoreError } from '../ground/errors.ts'
import type { RootKey } from './root-key.ts'

export type VaultStatus = Readonly<{ state: 'sealed' | 'unsealed'; sealer: string }>

/** Holds the root key while unsealed. Nothing runs without it (VLT-21). */
export type SealState = Readonly<{
  isUnsealed: () => boolean
  /** @throws CoreError `vault_sealed` */
  root: () => RootKey
  set: (root: RootKey | undefined) => void
}>

export function createSealState(): SealState {
  let current: RootKey | undefined
  return {
    isUnsealed: () => current !== undefined,
    root() {
      if (!current) throw new CoreError('vault_sealed')
      return current
    },
    set(root) {
      current = root
    },
  }
}
