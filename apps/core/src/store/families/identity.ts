import type { ColumnClasses } from '../column.ts'

/**
 * People, agents and their credentials. `setup_owner` and `user_account` are tables of the deployment; every other row
 * belongs to a workspace. A set-up link belongs to none yet, so its `workspace_id` is empty.
 */
export type IdentityTables = {
  workspace: { id: string; name: string; revision: number; created_at: number }
  setup_owner: { one: number; workspace_id: string; user_id: string; completed_at: number }
  identity_epoch: { workspace_id: string; epoch: number }
  user_account: {
    id: string
    email: string
    /** Lower case, so that one address has one account. */
    email_key: string
    name: string
    created_at: number
  }
  membership: {
    workspace_id: string
    user_id: string
    role: string
    status: string
    joined_at: number
    epoch: number
  }
  user_group: { workspace_id: string; name: string; created_at: number; epoch: number }
  user_group_member: { workspace_id: string; group_name: string; user_id: string }
  agent: {
    workspace_id: string
    id: string
    name: string
    ownership: string
    owner_id: string
    labels: string
    status: string
    created_at: number
    version: number
    epoch: number
  }
  agent_token: {
    workspace_id: string
    id: string
    agent_id: string
    /** The one resource it is good for. */
    resource: string
    hash: Uint8Array
    created_at: number
    expires_at: number
    revoked_at: number | null
    last_used_at: number | null
    epoch: number
  }
  session: {
    workspace_id: string
    id: string
    user_id: string
    hash: Uint8Array
    created_at: number
    seen_at: number
    ends_at: number
    ended_at: number | null
  }
  one_time_link: {
    workspace_id: string
    id: string
    kind: string
    user_id: string | null
    hash: Uint8Array
    created_at: number
    expires_at: number
    failures: number
    used_at: number | null
  }
}

export const identityColumns: ColumnClasses<IdentityTables> = {
  workspace: { id: 'plain', name: 'plain', revision: 'plain', created_at: 'plain' },
  setup_owner: { one: 'plain', workspace_id: 'plain', user_id: 'plain', completed_at: 'plain' },
  identity_epoch: { workspace_id: 'plain', epoch: 'plain' },
  user_account: {
    id: 'plain',
    email: 'personal',
    email_key: 'personal',
    name: 'personal',
    created_at: 'plain',
  },
  membership: {
    workspace_id: 'plain',
    user_id: 'plain',
    role: 'plain',
    status: 'plain',
    joined_at: 'plain',
    epoch: 'plain',
  },
  user_group: { workspace_id: 'plain', name: 'plain', created_at: 'plain', epoch: 'plain' },
  user_group_member: { workspace_id: 'plain', group_name: 'plain', user_id: 'plain' },
  agent: {
    workspace_id: 'plain',
    id: 'plain',
    name: 'plain',
    ownership: 'plain',
    owner_id: 'plain',
    labels: 'plain',
    status: 'plain',
    created_at: 'plain',
    version: 'plain',
    epoch: 'plain',
  },
  agent_token: {
    workspace_id: 'plain',
    id: 'plain',
    agent_id: 'plain',
    resource: 'plain',
    hash: 'secret',
    created_at: 'plain',
    expires_at: 'plain',
    revoked_at: 'plain',
    last_used_at: 'plain',
    epoch: 'plain',
  },
  session: {
    workspace_id: 'plain',
    id: 'plain',
    user_id: 'plain',
    hash: 'secret',
    created_at: 'plain',
    seen_at: 'plain',
    ends_at: 'plain',
    ended_at: 'plain',
  },
  one_time_link: {
    workspace_id: 'plain',
    id: 'plain',
    kind: 'plain',
    user_id: 'plain',
    hash: 'secret',
    created_at: 'plain',
    expires_at: 'plain',
    failures: 'plain',
    used_at: 'plain',
  },
}
