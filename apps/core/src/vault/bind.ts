import { CoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import { bindingDigest, bindTo, type Binding, type BindingRequest } from './binding.ts'
import { changeSecret, type VerbParts } from './change.ts'
import { nextVersion } from './new-version.ts'
import { assertBindings } from './put.ts'
import type { SecretRecord } from './secret-record.ts'
import { assertFits, withValue, type NewValue } from './secret-value.ts'
import { rewrapVersion } from './sealed-version.ts'
import { serverAt } from './server-at.ts'
import { aged, isLive, retired } from './version-states.ts'

export type NewBinding = NewValue & Readonly<{ secretId: string; binding: BindingRequest }>

const BINDINGS_MAX = 50

/**
 * Lets a secret go to one more place. The value has to be given again and becomes the new version; older versions
 * can never go there. So nobody learns a value by pointing it at themselves, and nothing answers whether a value
 * was guessed right (VLT-42).
 *
 * A binding of the same form at the same server is replaced, which is how a secret follows a changed server.
 *
 * @throws CoreError `secret_not_found`, `binding_not_enforceable`, `invalid_request`, `vault_integrity_failed`
 */
export async function bindSecret(
  parts: VerbParts,
  person: Person,
  asked: NewBinding,
): Promise<string> {
  const server = serverAt(parts, person.workspaceId, asked.binding.serverId)
  const binding = bindTo(server, asked.binding, {
    id: parts.newId('bnd'),
    createdBy: person.userId,
    createdAtMs: parts.clock.nowMs(),
  })
  await withValue(asked, (bytes) =>
    changeSecret(parts, person, asked.secretId, async (secret) => {
      await assertBindings(parts, secret)
      const bindings = joined(secret.bindings, binding)
      assertFits(bytes, bindings)
      const rebound = { ...secret, bindings, bindingDigest: bindingDigest(bindings) }
      const next = await nextVersion(parts, person, rebound, bytes)
      const versions = [...secret.versions.map(retired), { ...next, state: 'current' }]
      return {
        event: 'secret.bound',
        state: 'active',
        currentVersion: next.version,
        versions: aged(versions, parts.clock.nowMs()),
        bindings,
        wraps: 1,
        fields: { binding: described(binding) },
      }
    }),
  )
  return binding.id
}

export type Unbinding = Readonly<{ secretId: string; bindingId: string }>

/**
 * Takes a place away. The value need not be given again, and every version follows.
 *
 * @throws CoreError `secret_not_found`, `not_found`, `vault_integrity_failed`
 */
export async function unbindSecret(
  parts: VerbParts,
  person: Person,
  { secretId, bindingId }: Unbinding,
): Promise<void> {
  await changeSecret(parts, person, secretId, async (secret) => {
    const gone = secret.bindings.find(({ id }) => id === bindingId)
    if (!gone) throw new CoreError('not_found')
    const bindings = secret.bindings.filter((binding) => binding !== gone)
    const versions = await rewrapLive(parts, secret, bindingDigest(bindings))
    return {
      event: 'secret.unbound',
      versions,
      bindings,
      wraps: versions.length,
      fields: { binding: described(gone) },
    }
  })
}

const rewrapLive = (parts: VerbParts, secret: SecretRecord, digest: string) =>
  Promise.all(
    secret.versions.filter(isLive).map((row) => rewrapVersion(parts.keyring, secret, row, digest)),
  )

function joined(bindings: readonly Binding[], added: Binding): readonly Binding[] {
  const others = bindings.filter((binding) => !isSamePlace(binding, added))
  if (others.length >= BINDINGS_MAX) {
    throw new CoreError('binding_not_enforceable', {
      problem: `A secret has at most ${BINDINGS_MAX} bindings.`,
    })
  }
  return [...others, added]
}

const isSamePlace = (a: Binding, b: Binding): boolean =>
  a.serverId === b.serverId && a.target === b.target && a.name === b.name

const described = ({ id, serverId, serverDigest, target, name }: Binding) => ({
  id,
  server_id: serverId,
  server_digest: serverDigest,
  target,
  name,
})
