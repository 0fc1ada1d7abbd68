import { CoreError } from '../ground/errors.ts'
import type { Store } from '../store/store.ts'
import { placeOf } from './place.ts'
import type { RootKey } from './root-key.ts'
import { drawWrappedKey, unwrapKeyBytes } from './wrapped-key.ts'

/** Workspace of the keys that no workspace owns. */
const DEPLOYMENT = 'deployment'

/**
 * An independent random key of 32 bytes for one use of another stage, such as signing the log. Made on first use,
 * the same in every process and after every start. A fresh copy each time; the caller clears it.
 *
 * @throws CoreError `vault_sealed`, `vault_integrity_failed`
 */
export type SystemKey = (name: string, workspaceId?: string) => Promise<Buffer>

export function createSystemKey(
  store: Pick<Store, 'query' | 'housekeep'>,
  root: () => RootKey,
): SystemKey {
  return async function systemKey(name, workspaceId = DEPLOYMENT) {
    const rootKey = root()
    const { deploymentId, id: rootId } = rootKey
    const place = placeOf.systemKey({ deploymentId, workspaceId, name, rootId })
    let row = await store.query('vault.systemKey', { workspaceId, name })
    if (!row) {
      const drawn = drawWrappedKey(rootKey, place)
      await store.housekeep('vault.addSystemKey', { workspaceId, name, ...drawn })
      row = await store.query('vault.systemKey', { workspaceId, name })
    }
    if (!row) throw new CoreError('vault_integrity_failed')
    return unwrapKeyBytes(rootKey, row, place)
  }
}
