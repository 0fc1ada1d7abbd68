import type { Person } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import type { AdminCommands } from './command.ts'

export type StatusParts = Readonly<{
  version: string
  engine: Store['engine']
  vault: () => 'sealed' | 'unsealed'
  policyVersion: (workspaceId: string) => number
  serverCount: (workspaceId: string) => number
  approvalCount: (person: Person, state: 'PENDING' | 'OUTCOME_UNKNOWN') => Promise<number>
  warnings: () => readonly string[]
}>

/** How this deployment is, in numbers that anyone in the workspace may see. */
export function statusCommands(parts: StatusParts): Pick<AdminCommands, 'status.read'> {
  return {
    'status.read': async ({ person, person: { workspaceId } }) => ({
      version: parts.version,
      engine: parts.engine,
      vault: parts.vault(),
      policyVersion: parts.policyVersion(workspaceId),
      servers: parts.serverCount(workspaceId),
      pendingApprovals: await parts.approvalCount(person, 'PENDING'),
      unknownOutcomes: await parts.approvalCount(person, 'OUTCOME_UNKNOWN'),
      warnings: [...parts.warnings()],
    }),
  }
}
