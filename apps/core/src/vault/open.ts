import { CoreError } from '../ground/errors.ts'
import type { Clearance } from '../model/clearance.ts'
import type { ServerDefinition } from '../model/server.ts'
import type { Store } from '../store/store.ts'
import type { Binding } from './binding.ts'
import { isForHttp } from './binding.ts'
import { hostOf } from './host.ts'
import type { Keyring } from './keyring.ts'
import type { Refuse } from './refuse.ts'
import { openVersion } from './sealed-version.ts'
import { secretRecord, type SecretRecord, type VersionRow } from './secret-record.ts'

/** A value in clear, with the places at the cleared server that it may go to. */
export type OpenedSecret = Readonly<{
  id: string
  name: string
  version: number
  value: Buffer
  bindings: readonly Binding[]
  /** Epoch ms; decided again at every use (VLT-34). */
  expiresAtMs: number
}>

const SECRETS_MAX = 20

export type OpenParts = Readonly<{
  store: Pick<Store, 'query'>
  keyring: Keyring
  nowMs: () => number
  refuse: Refuse
}>

/**
 * Opens what is bound to the cleared server: the only place where a value becomes readable, and it asks for a
 * clearance (VLT-2). Which secrets those are is looked up by the server alone; nothing a client sent has a say
 * (VLT-3). One that may not be used fails the whole call, rather than leaving it to run without.
 *
 * @throws CoreError `secret_binding_mismatch`, `secret_suspended`, `secret_expired`, `secret_not_found`,
 *   `vault_sealed`, `vault_integrity_failed`
 */
export async function openSecrets(
  parts: OpenParts,
  clearance: Clearance,
  server: ServerDefinition,
): Promise<readonly OpenedSecret[]> {
  const stored = await parts.store.query('secret.forServer', {
    workspaceId: server.workspaceId,
    serverId: server.id,
  })
  if (stored.length > SECRETS_MAX) {
    throw new CoreError('binding_not_enforceable', {
      problem: `One server gets at most ${SECRETS_MAX} secrets.`,
    })
  }
  const opened: OpenedSecret[] = []
  try {
    for (const secret of stored.map(secretRecord)) {
      const bindings = secret.bindings.filter(({ serverId }) => serverId === server.id)
      if (!bindings.every((binding) => isBoundTo(binding, server))) {
        throw await parts.refuse(clearance, server, secret)
      }
      opened.push(await openOne(parts, secret, bindings))
    }
  } catch (error) {
    for (const { value } of opened) value.fill(0)
    throw error
  }
  return opened
}

/** Exactly the definition, and for HTTP the very address, that was bound. */
const isBoundTo = ({ serverDigest, target, hosts }: Binding, server: ServerDefinition): boolean =>
  serverDigest === server.hash &&
  isForHttp(target) === (server.launch.kind === 'http') &&
  (server.launch.kind !== 'http' || hosts.includes(hostOf(server.launch.url)))

async function openOne(
  { keyring, nowMs }: OpenParts,
  secret: SecretRecord,
  bindings: readonly Binding[],
): Promise<OpenedSecret> {
  const row = currentVersion(secret, nowMs())
  return {
    id: secret.id,
    name: secret.name,
    version: row.version,
    value: await openVersion(keyring, secret, row),
    bindings,
    expiresAtMs: secret.expiresAtMs ?? Infinity,
  }
}

function currentVersion(secret: SecretRecord, nowMs: number): VersionRow {
  const facts = { secret: secret.id }
  if (secret.state === 'suspended') throw new CoreError('secret_suspended', facts)
  if (secret.state !== 'active' || secret.ownerKind !== 'workspace') {
    throw new CoreError('secret_not_found', facts)
  }
  if (secret.expiresAtMs !== null && secret.expiresAtMs <= nowMs) {
    throw new CoreError('secret_expired', facts)
  }
  const row = secret.versions.find(({ version }) => version === secret.currentVersion)
  if (row?.state !== 'current') throw new CoreError('vault_integrity_failed', facts)
  return row
}
