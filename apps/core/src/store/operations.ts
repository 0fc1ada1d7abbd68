import { approvalCommands } from './families/approval-commands.ts'
import { executionCommands } from './families/approval-executions.ts'
import { approvalQueries } from './families/approval-queries.ts'
import { auditCommands, auditQueries } from './families/audit.ts'
import { eventQueries } from './families/events.ts'
import { catalogueCommands, catalogueQueries } from './families/catalogue.ts'
import { agentCommands } from './families/identity-agents.ts'
import { peopleCommands } from './families/identity-people.ts'
import { identityQueries } from './families/identity-queries.ts'
import { policyCommands, policyQueries } from './families/policy.ts'
import { profileCommands, profileQueries } from './families/profiles.ts'
import { serverEraCommands, serverEraQueries } from './families/server-eras.ts'
import { serverCommands, serverQueries } from './families/servers.ts'
import { secretCommands } from './families/secret-commands.ts'
import { secretQueries } from './families/secret-queries.ts'
import { systemCommands, systemQueries } from './families/system.ts'
import { taskCommands } from './families/task-commands.ts'
import { taskQueries } from './families/tasks.ts'
import { vaultKeyCommands, vaultKeyQueries } from './families/vault-keys.ts'
import type { Operations } from './operation.ts'

/** Every query, by name. Each family declares its own; this file only joins them. */
export const queries = {
  ...approvalQueries,
  ...auditQueries,
  ...eventQueries,
  ...catalogueQueries,
  ...identityQueries,
  ...policyQueries,
  ...profileQueries,
  ...serverQueries,
  ...serverEraQueries,
  ...secretQueries,
  ...systemQueries,
  ...taskQueries,
  ...vaultKeyQueries,
} as const satisfies Operations

/** Every command, by name. */
export const commands = {
  ...approvalCommands,
  ...executionCommands,
  ...auditCommands,
  ...catalogueCommands,
  ...agentCommands,
  ...peopleCommands,
  ...policyCommands,
  ...profileCommands,
  ...serverCommands,
  ...serverEraCommands,
  ...secretCommands,
  ...systemCommands,
  ...taskCommands,
  ...vaultKeyCommands,
} as const satisfies Operations

/**
 * Operations that are about all workspaces, each with its reason. Every other statement names one workspace, or is
 * refused before it reaches the database (STO-21).
 */
export const crossWorkspace: ReadonlySet<string> = new Set<
  keyof typeof queries | keyof typeof commands
>([])
