import type { ApprovalTables } from './families/approvals.ts'
import type { AuditTables } from './families/audit.ts'
import type { CatalogueTables } from './families/catalogue.ts'
import type { IdentityTables } from './families/identity.ts'
import type { PolicyTables } from './families/policy.ts'
import type { ProfileTables } from './families/profiles.ts'
import type { ServerEraTables } from './families/server-eras.ts'
import type { ServerTables } from './families/servers.ts'
import type { SecretTables } from './families/secrets.ts'
import type { SystemTables } from './families/system.ts'
import type { TaskTables } from './families/tasks.ts'
import type { VaultKeyTables } from './families/vault-keys.ts'

/** Every table, for Kysely. Each family declares its own; this file only joins them. */
export type Tables = ApprovalTables &
  AuditTables &
  CatalogueTables &
  IdentityTables &
  PolicyTables &
  ProfileTables &
  ServerEraTables &
  ServerTables &
  SecretTables &
  SystemTables &
  TaskTables &
  VaultKeyTables
