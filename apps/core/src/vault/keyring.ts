import { envelopeKeyId, type EnvelopeKey } from '../crypto/envelope.ts'
import { CoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { Store } from '../store/store.ts'
import { placeOf } from './place.ts'
import type { RootKey } from './root-key.ts'
import { drawWrappedKey, unwrapKey } from './wrapped-key.ts'

/** The keys of workspaces, known only while the vault is unsealed. The first is made on first use. */
export type Keyring = Readonly<{
  /** The key that wraps new keys of a workspace. @throws CoreError `vault_sealed` */
  active: (workspaceId: string) => Promise<EnvelopeKey>
  /** @throws CoreError `vault_sealed`, `vault_integrity_failed` */
  byId: (workspaceId: string, kekId: string) => Promise<EnvelopeKey>
  drop: () => void
}>

type Keys = Readonly<{ active: EnvelopeKey; byId: ReadonlyMap<string, EnvelopeKey> }>

type KeyringParts = Readonly<{
  store: Pick<Store, 'query' | 'housekeep'>
  newId: NewId
  /** @throws CoreError `vault_sealed` */
  root: () => RootKey
}>

export function createKeyring(parts: KeyringParts): Keyring {
  const workspaces = new Map<string, Promise<Keys>>()

  function keysOf(workspaceId: string): Promise<Keys> {
    const known = workspaces.get(workspaceId)
    if (known) return known
    const loading = loadKeys(parts, workspaceId)
    workspaces.set(workspaceId, loading)
    loading.catch(() => workspaces.delete(workspaceId))
    return loading
  }

  return {
    active: async (workspaceId) => (await keysOf(workspaceId)).active,
    async byId(workspaceId, kekId) {
      const key = (await keysOf(workspaceId)).byId.get(kekId)
      if (!key) throw new CoreError('vault_integrity_failed')
      return key
    },
    drop: () => workspaces.clear(),
  }
}

/** The key that a blob names, of its own workspace; that it names the right one shows when it opens. */
export const kekOfBlob = (
  keyring: Keyring,
  workspaceId: string,
  blob: Uint8Array,
): Promise<EnvelopeKey> => keyring.byId(workspaceId, envelopeKeyId(blob))

async function loadKeys({ store, newId, root }: KeyringParts, workspaceId: string): Promise<Keys> {
  const rootKey = root()
  const { deploymentId, id: rootId } = rootKey
  const placeOfKek = (kekId: string) => placeOf.kek({ deploymentId, workspaceId, kekId, rootId })

  let rows = await store.query('vault.keks', { workspaceId })
  if (!rows.some((row) => row.state === 'active')) {
    const id = newId('kek')
    const drawn = drawWrappedKey(rootKey, placeOfKek(id))
    await store.housekeep('vault.addKek', { workspaceId, id, ...drawn })
    rows = await store.query('vault.keks', { workspaceId })
  }
  const byId = new Map<string, EnvelopeKey>()
  for (const row of rows.filter(({ state }) => state !== 'destroyed')) {
    byId.set(row.id, { id: row.id, key: unwrapKey(rootKey, row, placeOfKek(row.id)) })
  }
  const active = byId.get(rows.find(({ state }) => state === 'active')?.id ?? '')
  if (!active) throw new CoreError('vault_integrity_failed')
  return { active, byId }
}
