import type { Store } from '../store/store.ts'
import { bindingDigest, bindingTargets, parseTexts, type Binding } from './binding.ts'
import { CoreError } from '../ground/errors.ts'

/** A secret as the database holds it, with its bindings read. Nothing in it is in clear. */
export type SecretRecord = Readonly<{
  workspaceId: string
  id: string
  name: string
  kind: string
  ownerKind: string
  ownerId: string
  state: string
  currentVersion: number | null
  expiresAtMs: number | null
  revision: number
  versions: readonly VersionRow[]
  bindings: readonly Binding[]
  /** Of the bindings as they are now; what was sealed under others does not open. */
  bindingDigest: string
}>

type StoredSecret = NonNullable<Awaited<ReturnType<typeof readStored>>>
export type VersionRow = Readonly<
  Omit<StoredSecret['versions'][number], 'workspace_id' | 'secret_id'>
>
type BindingRow = Readonly<Omit<StoredSecret['bindings'][number], 'workspace_id' | 'secret_id'>>

const readStored = (store: Pick<Store, 'query'>, workspaceId: string, secretId: string) =>
  store.query('secret.get', { workspaceId, secretId })

/** @throws CoreError `secret_not_found`, also for one that was destroyed */
export async function readSecret(
  store: Pick<Store, 'query'>,
  workspaceId: string,
  secretId: string,
): Promise<SecretRecord> {
  const stored = await readStored(store, workspaceId, secretId)
  if (!stored || stored.secret.state === 'destroyed') {
    throw new CoreError('secret_not_found', { secret: secretId })
  }
  return secretRecord(stored)
}

export function secretRecord({ secret, versions, bindings }: StoredSecret): SecretRecord {
  const parsed = bindings.map(parseBinding)
  return {
    workspaceId: secret.workspace_id,
    id: secret.id,
    name: secret.name,
    kind: secret.kind,
    ownerKind: secret.owner_kind,
    ownerId: secret.owner_id,
    state: secret.state,
    currentVersion: secret.current_version,
    expiresAtMs: secret.expires_at,
    revision: secret.revision,
    versions: versions.map(({ workspace_id: _workspace, secret_id: _secret, ...row }) => row),
    bindings: parsed,
    bindingDigest: bindingDigest(parsed),
  }
}

export function parseBinding(row: BindingRow): Binding {
  const target = bindingTargets.find((candidate) => candidate === row.target)
  if (!target) throw new CoreError('vault_integrity_failed')
  return {
    id: row.id,
    serverId: row.server_id,
    serverDigest: row.server_digest,
    target,
    name: row.name,
    prefix: row.prefix,
    hosts: parseTexts(row.hosts),
    tools: parseTexts(row.tools),
    createdBy: row.created_by,
    createdAtMs: row.created_at,
  }
}

export const bindingRow = (binding: Binding): BindingRow => ({
  id: binding.id,
  server_id: binding.serverId,
  server_digest: binding.serverDigest,
  target: binding.target,
  name: binding.name,
  prefix: binding.prefix,
  hosts: JSON.stringify(binding.hosts),
  tools: JSON.stringify(binding.tools),
  created_by: binding.createdBy,
  created_at: binding.createdAtMs,
})
