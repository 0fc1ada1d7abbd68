import { keyRecord, verifierKey } from '@peta/proof'

import type { Store } from '../store/store.ts'
import { logName } from './open-log.ts'

/** Public keys of the log, for `/.well-known/peta-audit-keys` (AUD-35). */
export type AuditKeys = Readonly<{
  deployment_id: string
  keys: readonly Readonly<{
    key_id: string
    algorithm: 'Ed25519'
    /** Base64. */
    public_key: string
    first_used_at: number
    /** The key under the name of each log, as other tools of signed notes take it. */
    verifier_keys: readonly string[]
  }>[]
}>

export type KeysDependencies = Readonly<{ query: Store['query']; deploymentId: string }>

/** Every key that ever signed, oldest first: a log needs the one it was signed with. */
export async function auditKeys({ query, deploymentId }: KeysDependencies): Promise<AuditKeys> {
  const byKey = Map.groupBy(await query('audit.logs', {}), (log) => log.key_id)
  const keys = [...byKey.values()].flatMap((logs) => {
    const [first] = logs
    if (!first) return []
    const { key_id, public_key } = keyRecord(first.public_key)
    const names = logs.map((log) => logName(deploymentId, log.log_id))
    return {
      key_id,
      algorithm: 'Ed25519' as const,
      public_key,
      first_used_at: first.opened_at,
      verifier_keys: names.map((name) => verifierKey(name, first.public_key)),
    }
  })
  return { deployment_id: deploymentId, keys }
}
