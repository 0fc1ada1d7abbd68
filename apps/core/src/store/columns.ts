import type { ColumnClasses } from './column.ts'
import { approvalColumns } from './families/approvals.ts'
import { auditColumns } from './families/audit.ts'
import { catalogueColumns } from './families/catalogue.ts'
import { identityColumns } from './families/identity.ts'
import { policyColumns } from './families/policy.ts'
import { profileColumns } from './families/profiles.ts'
import { secretColumns } from './families/secrets.ts'
import { serverEraColumns } from './families/server-eras.ts'
import { serverColumns } from './families/servers.ts'
import { systemColumns } from './families/system.ts'
import { taskColumns } from './families/tasks.ts'
import { vaultKeyColumns } from './families/vault-keys.ts'
import type { Tables } from './tables.ts'

/** How private every column of every table is (STO-27). The data map of the documents is written from it. */
export const columns: ColumnClasses<Tables> = {
  ...approvalColumns,
  ...auditColumns,
  ...catalogueColumns,
  ...identityColumns,
  ...policyColumns,
  ...profileColumns,
  ...secretColumns,
  ...serverColumns,
  ...serverEraColumns,
  ...systemColumns,
  ...taskColumns,
  ...vaultKeyColumns,
}
