import type { Person } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import type { Binding } from './binding.ts'
import { parseBinding } from './secret-record.ts'

/** All that anyone can read of a secret: no value, no part of one, no length, no fingerprint (VLT-32). */
export type SecretSummary = Readonly<{
  id: string
  name: string
  kind: string
  ownerKind: string
  state: string
  currentVersion?: number
  expiresAtMs?: number
  createdBy: string
  createdAtMs: number
  lastUsedAtMs?: number
  lastUsedServerId?: string
  bindings: readonly Binding[]
}>

/** The secrets of the person's workspace, by name. */
export async function listSecrets(
  store: Pick<Store, 'query'>,
  { workspaceId }: Pick<Person, 'workspaceId'>,
): Promise<readonly SecretSummary[]> {
  const { secrets, bindings } = await store.query('secret.list', { workspaceId })
  return secrets.map((secret) => ({
    id: secret.id,
    name: secret.name,
    kind: secret.kind,
    ownerKind: secret.owner_kind,
    state: secret.state,
    ...(secret.current_version !== null && { currentVersion: secret.current_version }),
    ...(secret.expires_at !== null && { expiresAtMs: secret.expires_at }),
    createdBy: secret.created_by,
    createdAtMs: secret.created_at,
    ...(secret.last_used_at !== null && { lastUsedAtMs: secret.last_used_at }),
    ...(secret.last_used_server_id !== null && { lastUsedServerId: secret.last_used_server_id }),
    bindings: bindings.filter((row) => row.secret_id === secret.id).map(parseBinding),
  }))
}
