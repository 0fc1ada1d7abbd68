import type { Migration, SqlTypes } from './migration.ts'

/** People, groups, agents, and the credentials of each. Rows are never deleted: a state says what is over (IDN-11). */
export const identity0002: Migration = {
  version: 2,
  name: 'identity',
  minReader: 2,
  up: (types) => [...people(types), ...agents(types), ...credentials(types), ...indexes],
}

const people = ({ text, int, tableEnd }: SqlTypes): readonly string[] => [
  // One row at most, for ever: whoever inserts it made the first owner (IDN-64).
  `create table setup_owner (
    one ${int} not null,
    workspace_id ${text} not null,
    user_id ${text} not null,
    completed_at ${int} not null,
    primary key (one)
  ) ${tableEnd}`,
  // Counts every change of who may do what; rows that changed carry its value.
  `create table identity_epoch (
    workspace_id ${text} not null,
    epoch ${int} not null,
    primary key (workspace_id)
  ) ${tableEnd}`,
  // One account per person in the deployment; what it may do stands in its memberships.
  `create table user_account (
    id ${text} not null,
    email ${text} not null,
    email_key ${text} not null,
    name ${text} not null,
    created_at ${int} not null,
    primary key (id),
    unique (email_key)
  ) ${tableEnd}`,
  `create table membership (
    workspace_id ${text} not null,
    user_id ${text} not null,
    role ${text} not null,
    status ${text} not null,
    joined_at ${int} not null,
    epoch ${int} not null,
    primary key (workspace_id, user_id)
  ) ${tableEnd}`,
  `create table user_group (
    workspace_id ${text} not null,
    name ${text} not null,
    created_at ${int} not null,
    epoch ${int} not null,
    primary key (workspace_id, name)
  ) ${tableEnd}`,
  `create table user_group_member (
    workspace_id ${text} not null,
    group_name ${text} not null,
    user_id ${text} not null,
    primary key (workspace_id, group_name, user_id)
  ) ${tableEnd}`,
]

const agents = ({ text, int, bytes, tableEnd }: SqlTypes): readonly string[] => [
  `create table agent (
    workspace_id ${text} not null,
    id ${text} not null,
    name ${text} not null,
    ownership ${text} not null,
    owner_id ${text} not null,
    labels ${text} not null,
    status ${text} not null,
    created_at ${int} not null,
    version ${int} not null,
    epoch ${int} not null,
    primary key (workspace_id, id)
  ) ${tableEnd}`,
  `create table agent_token (
    workspace_id ${text} not null,
    id ${text} not null,
    agent_id ${text} not null,
    resource ${text} not null,
    hash ${bytes} not null,
    created_at ${int} not null,
    expires_at ${int} not null,
    revoked_at ${int},
    last_used_at ${int},
    epoch ${int} not null,
    primary key (workspace_id, id)
  ) ${tableEnd}`,
]

const credentials = ({ text, int, bytes, tableEnd }: SqlTypes): readonly string[] => [
  `create table session (
    workspace_id ${text} not null,
    id ${text} not null,
    user_id ${text} not null,
    hash ${bytes} not null,
    created_at ${int} not null,
    seen_at ${int} not null,
    ends_at ${int} not null,
    ended_at ${int},
    primary key (workspace_id, id)
  ) ${tableEnd}`,
  `create table one_time_link (
    workspace_id ${text} not null,
    id ${text} not null,
    kind ${text} not null,
    user_id ${text},
    hash ${bytes} not null,
    created_at ${int} not null,
    expires_at ${int} not null,
    failures ${int} not null,
    used_at ${int},
    primary key (workspace_id, id)
  ) ${tableEnd}`,
]

const indexes = ['membership', 'user_group', 'agent', 'agent_token'].map(
  (table) => `create index ${table}_by_epoch on ${table} (workspace_id, epoch)`,
)
