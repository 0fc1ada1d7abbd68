import { sha256Hex } from '../crypto/digest.ts'
import { canonicalJson } from '../ground/canonical-json.ts'
import type { Clock } from '../ground/clock.ts'
import { isCoreError } from '../ground/errors.ts'
import type { NewId } from '../ground/ids.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { Person } from '../model/principal.ts'
import type { ServerDefinition } from '../model/server.ts'
import type { Store } from '../store/store.ts'
import type { AuditEventType } from '@peta/contract'
import { bindingDigest, type Binding } from './binding.ts'
import type { InTurn } from './in-turn.ts'
import type { Keyring } from './keyring.ts'
import { bindingRow, readSecret, type SecretRecord, type VersionRow } from './secret-record.ts'

/** Builds an event; the audit stage supplies it. */
export type Draft = (
  event: Readonly<{
    type: AuditEventType
    workspaceId: string
    actorId?: string
    target?: string
    fields?: Readonly<Record<string, unknown>>
  }>,
) => AuditDraft

/** What every verb that changes secrets works with. */
export type VerbParts = Readonly<{
  store: Pick<Store, 'query' | 'command'>
  keyring: Keyring
  clock: Pick<Clock, 'nowMs'>
  newId: NewId
  draft: Draft
  serverOf: ServerOf
  /** Lets changes of one secret follow each other instead of colliding. */
  inTurn: InTurn
  /** Called after a change is durable: what was opened before must not be used again. */
  changed: (workspaceId: string) => void
}>

/** Who changes something: a person, or the vault itself. */
export type Actor = Pick<Person, 'workspaceId' | 'userId'>

/** The server as it is defined now. */
export type ServerOf = (workspaceId: string, serverId: string) => ServerDefinition | undefined

/** The secret as a verb leaves it; versions that stay as they are may be missing. */
export type Change = Readonly<{
  event: AuditEventType
  state?: string
  currentVersion?: number | null
  versions: readonly VersionRow[]
  bindings?: readonly Binding[]
  /** Keys wrapped on the way. */
  wraps: number
  fields?: Readonly<Record<string, unknown>>
}>

const ATTEMPTS_MAX = 20

/**
 * Reads a secret, lets `decide` say what it becomes, and stores that if nobody was faster; else from the start.
 *
 * @throws CoreError `secret_not_found`, `conflict`, and what `decide` throws
 */
export function changeSecret(
  parts: VerbParts,
  actor: Actor,
  secretId: string,
  decide: (secret: SecretRecord) => Promise<Change>,
): Promise<SecretRecord> {
  return parts.inTurn(secretId, () => changeNow(parts, actor, secretId, decide))
}

const changeNow: typeof changeSecret = async (parts, actor, secretId, decide) => {
  for (let attempt = 1; ; attempt++) {
    const secret = await readSecret(parts.store, actor.workspaceId, secretId)
    const change = await decide(secret)
    try {
      return await saveChange(parts, actor, secret, change)
    } catch (error) {
      if (!isCoreError(error, 'conflict') || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

async function saveChange(
  { store, keyring, draft, changed }: VerbParts,
  actor: Actor,
  secret: SecretRecord,
  change: Change,
): Promise<SecretRecord> {
  const after = applied(secret, change)
  const { workspaceId, id: secretId } = secret
  const event = draft({
    type: change.event,
    workspaceId,
    actorId: actor.userId,
    target: secretId,
    fields: { ...change.fields, ...eventFields(after) },
  })
  await store.command(
    'secret.save',
    {
      workspaceId,
      secretId,
      fromRevision: secret.revision,
      state: after.state,
      currentVersion: after.currentVersion,
      expiresAt: after.expiresAtMs,
      versions: [...change.versions],
      bindings: after.bindings.map(bindingRow),
      kekId: (await keyring.active(workspaceId)).id,
      wraps: change.wraps,
    },
    [event],
  )
  changed(workspaceId)
  return after
}

function applied(secret: SecretRecord, change: Change): SecretRecord {
  const byNumber = new Map(
    [...secret.versions, ...change.versions].map((row) => [row.version, row]),
  )
  const bindings = change.bindings ?? secret.bindings
  return {
    ...secret,
    state: change.state ?? secret.state,
    currentVersion:
      change.currentVersion === undefined ? secret.currentVersion : change.currentVersion,
    revision: secret.revision + 1,
    versions: [...byNumber.values()].toSorted((a, b) => a.version - b.version),
    bindings,
    bindingDigest: bindingDigest(bindings),
  }
}

/** Lets a later check see that the rows of a secret are the newest ones that were recorded (VLT-17). */
export const eventFields = (secret: SecretRecord): Readonly<Record<string, unknown>> => ({
  secrets: [{ id: secret.id, version: secret.currentVersion }],
  meta_digest: metaDigest(secret),
})

const metaDigest = (secret: SecretRecord): string =>
  sha256Hex(
    canonicalJson({
      versions: secret.versions.map(({ version, state }) => ({ version, state })),
      binding_digest: secret.bindingDigest,
      owner_kind: secret.ownerKind,
      owner_id: secret.ownerId,
      state: secret.state,
    }),
  )
