/**
 * Tables of the deployment as a whole, which no workspace owns (STO-20). Everything else has `workspace_id` first in
 * every key and in every statement. A name is added here only in a review of its own.
 */
export const exemptTables: ReadonlySet<string> = new Set([
  'workspace',
  'schema_migration',
  'lease',
  'instance',
  'vault_root',
  'sealer_wrap',
  'audit_log',
  'audit_event',
  'audit_checkpoint',
  'audit_tile',
  // One row at most, for ever: whoever inserts it made the first owner.
  'setup_owner',
  // One account per person; what it may do stands in its memberships, which have a workspace.
  'user_account',
])
