import type { Person } from '../model/principal.ts'
import { bindingDigest, bindTo, type BindingRequest } from './binding.ts'
import { eventFields, type VerbParts } from './change.ts'
import { bindingRow, type SecretRecord } from './secret-record.ts'
import { assertFits, withValue, type NewValue } from './secret-value.ts'
import { sealVersion } from './sealed-version.ts'
import { serverAt } from './server-at.ts'

export type NewSecret = NewValue &
  Readonly<{
    name: string
    kind: 'api_key' | 'basic' | 'private_key' | 'json' | 'env'
    expiresAtMs?: number
    /** Whoever gives the value may also say where it goes. Without one it can go nowhere (VLT-42). */
    bindings?: readonly BindingRequest[]
  }>

/**
 * Stores a secret with its first version, in use from now on wherever it is bound.
 *
 * @throws CoreError `already_exists`, `secret_too_short`, `binding_not_enforceable`, `invalid_request`
 */
export async function createSecret(
  parts: VerbParts,
  person: Person,
  asked: NewSecret,
): Promise<string> {
  const { workspaceId, userId } = person
  const secretId = parts.newId('sec')
  const made = { createdBy: userId, createdAtMs: parts.clock.nowMs() }
  const bindings = (asked.bindings ?? []).map((binding) =>
    bindTo(serverAt(parts, workspaceId, binding.serverId), binding, {
      ...made,
      id: parts.newId('bnd'),
    }),
  )
  const owner = { ownerKind: 'workspace', ownerId: workspaceId }
  const context = { workspaceId, id: secretId, ...owner, bindingDigest: bindingDigest(bindings) }
  const kek = await parts.keyring.active(workspaceId)

  await withValue(asked, async (bytes) => {
    assertFits(bytes, bindings)
    const version = {
      version: 1,
      state: 'current',
      ...sealVersion(kek, context, { version: 1, dekId: parts.newId('dek') }, bytes),
      created_by: userId,
      created_at: made.createdAtMs,
      not_after: null,
    }
    const record: SecretRecord = {
      ...context,
      name: asked.name,
      kind: asked.kind,
      state: 'active',
      currentVersion: 1,
      expiresAtMs: asked.expiresAtMs ?? null,
      revision: 1,
      versions: [version],
      bindings,
    }
    await insert(parts, person, record)
  })
  parts.changed(workspaceId)
  return secretId
}

async function insert(parts: VerbParts, person: Person, secret: SecretRecord): Promise<void> {
  const event = parts.draft({
    type: 'secret.created',
    workspaceId: secret.workspaceId,
    actorId: person.userId,
    target: secret.id,
    fields: { name: secret.name, kind: secret.kind, ...eventFields(secret) },
  })
  await parts.store.command(
    'secret.create',
    {
      workspaceId: secret.workspaceId,
      secretId: secret.id,
      name: secret.name,
      kind: secret.kind,
      ownerKind: secret.ownerKind,
      ownerId: secret.ownerId,
      createdBy: person.userId,
      expiresAt: secret.expiresAtMs,
      currentVersion: 1,
      versions: [...secret.versions],
      bindings: secret.bindings.map(bindingRow),
      kekId: secret.versions[0]?.kek_id ?? '',
      wraps: 1,
    },
    [event],
  )
}
