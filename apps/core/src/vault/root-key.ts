import type { EnvelopeKey } from '../crypto/envelope.ts'
import { assertKey, createKey, drawKeyBytes, keyCheckValue } from '../crypto/key.ts'
import { CoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Store } from '../store/store.ts'
import { placeOf } from './place.ts'
import type { Sealer } from './sealer.ts'

/** The key that wraps all others. It exists in clear only in memory. */
export type RootKey = EnvelopeKey & Readonly<{ deploymentId: string }>

type RootParts = Readonly<{
  store: Pick<Store, 'query' | 'housekeep'>
  sealer: Sealer
  newId: NewId
}>

/**
 * Opens the root key with the sealer; the first time ever it makes one. A database that has a root key never gets a
 * second one, so a lost sealer key is an error and not a fresh start.
 *
 * @throws CoreError `sealer_unavailable`, `sealer_unsafe`, `vault_integrity_failed`
 */
export async function openRootKey(parts: RootParts, signal: AbortSignal): Promise<RootKey> {
  const { store, sealer } = parts
  let row = await store.query('vault.root', {})
  if (!row) {
    await makeRoot(parts, signal)
    row = await store.query('vault.root', {})
  }
  const wrap = row?.wraps.find(({ sealer_id }) => sealer_id === sealer.id)
  if (!row || !wrap) {
    const problem = `The vault was sealed with another sealer than "${sealer.id}"; set PETA_SEALER to that one.`
    throw new CoreError('sealer_unavailable', { problem })
  }
  const { deployment_id: deploymentId, root_id: id, check_value: checkValue } = row
  const place = placeOf.root({ deploymentId, rootId: id, sealerId: sealer.id })
  const bytes = await sealer.unwrap(wrap.blob, place, signal)
  try {
    const key = createKey(bytes)
    assertKey(key, checkValue)
    return { id, deploymentId, key }
  } finally {
    bytes.fill(0)
  }
}

/** Two processes may both come here; the database keeps one of the two, with its wrap. */
async function makeRoot({ store, sealer, newId }: RootParts, signal: AbortSignal): Promise<void> {
  const rootId = newId('root')
  const deploymentId = newId('dep')
  const place = placeOf.root({ deploymentId, rootId, sealerId: sealer.id })
  const bytes = drawKeyBytes()
  try {
    await store.housekeep('vault.addRoot', {
      rootId,
      deploymentId,
      checkValue: keyCheckValue(createKey(bytes)),
      sealerId: sealer.id,
      sealerKind: sealer.kind,
      blob: await sealer.wrap(bytes, place, signal),
    })
  } finally {
    bytes.fill(0)
  }
}
