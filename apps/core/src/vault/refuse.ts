import { CoreError, isCoreError } from '../ground/errors.ts'
import type { Clearance } from '../model/clearance.ts'
import type { ServerDefinition } from '../model/server.ts'
import type { Store } from '../store/store.ts'
import { changeSecret, type VerbParts } from './change.ts'
import type { SecretRecord } from './secret-record.ts'

/** Records that a secret was asked for where it is not bound, and gives the error to throw (VLT-47). */
export type Refuse = (
  clearance: Clearance,
  server: ServerDefinition,
  secret: SecretRecord,
) => Promise<CoreError>

const WINDOW_MS = 10 * 60 * 1000
const REFUSALS_MAX = 3

type RefuseParts = VerbParts & Readonly<{ store: Pick<Store, 'append'> }>

/** The third refusal within ten minutes suspends the secret, until someone who knows its value binds or puts it. */
export function createRefuse(parts: RefuseParts): Refuse {
  const refusals = new Map<string, readonly number[]>()

  return async function refuse(clearance, server, secret) {
    const nowMs = parts.clock.nowMs()
    const recent = (refusals.get(secret.id) ?? []).filter((atMs) => atMs > nowMs - WINDOW_MS)
    refusals.set(secret.id, [...recent, nowMs])
    const event = parts.draft({
      type: 'secret.refused',
      workspaceId: secret.workspaceId,
      ...actorOf(clearance),
      target: secret.id,
      fields: { server: { id: server.id, hash: server.hash }, purpose: clearance.purpose },
    })
    await parts.store.append([event])
    if (recent.length + 1 >= REFUSALS_MAX) {
      refusals.delete(secret.id)
      await suspend(parts, secret)
    }
    return new CoreError('secret_binding_mismatch', { secret: secret.id, server: server.id })
  }
}

export const actorOf = (clearance: Clearance): Readonly<{ actorId?: string }> =>
  clearance.purpose === 'call' ? { actorId: clearance.principal.agent.id } : {}

/** Two refusals may both be the third; the second finds it done. */
async function suspend(parts: VerbParts, secret: SecretRecord): Promise<void> {
  if (secret.state !== 'active') return
  try {
    await changeSecret(parts, { workspaceId: secret.workspaceId, userId: 'vault' }, secret.id, () =>
      Promise.resolve({ event: 'secret.suspended', state: 'suspended', versions: [], wraps: 0 }),
    )
  } catch (error) {
    if (!isCoreError(error, 'secret_not_found')) throw error
  }
}
