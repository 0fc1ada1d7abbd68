import type { Migration } from './migration.ts'

/** Keys of the vault, secrets with their versions, and the places each may be used at. */
export const secrets0005: Migration = {
  version: 5,
  name: 'secrets',
  minReader: 5,
  up: ({ text, int, bytes, tableEnd }) => [
    // `slot` is 1, so that two processes that start at once cannot both make a root key.
    `create table vault_root (
      slot ${int} not null,
      root_id ${text} not null,
      deployment_id ${text} not null,
      check_value ${bytes} not null,
      created_at ${int} not null,
      primary key (slot)
    ) ${tableEnd}`,
    `create table sealer_wrap (
      root_id ${text} not null,
      sealer_id ${text} not null,
      sealer_kind ${text} not null,
      blob ${bytes} not null,
      created_at ${int} not null,
      primary key (root_id, sealer_id)
    ) ${tableEnd}`,
    `create table kek (
      workspace_id ${text} not null,
      id ${text} not null,
      state ${text} not null,
      root_id ${text} not null,
      check_value ${bytes} not null,
      blob ${bytes} not null,
      wraps ${int} not null,
      created_at ${int} not null,
      primary key (workspace_id, id)
    ) ${tableEnd}`,
    `create unique index kek_active on kek (workspace_id) where state = 'active'`,
    `create table system_key (
      workspace_id ${text} not null,
      name ${text} not null,
      root_id ${text} not null,
      check_value ${bytes} not null,
      blob ${bytes} not null,
      created_at ${int} not null,
      primary key (workspace_id, name)
    ) ${tableEnd}`,
    `create table secret (
      workspace_id ${text} not null,
      id ${text} not null,
      name ${text} not null,
      kind ${text} not null,
      owner_kind ${text} not null,
      owner_id ${text} not null,
      state ${text} not null,
      current_version ${int},
      expires_at ${int},
      created_by ${text} not null,
      created_at ${int} not null,
      last_used_at ${int},
      last_used_server_id ${text},
      revision ${int} not null,
      primary key (workspace_id, id)
    ) ${tableEnd}`,
    `create unique index secret_name on secret (workspace_id, name) where state <> 'destroyed'`,
    `create table secret_version (
      workspace_id ${text} not null,
      secret_id ${text} not null,
      version ${int} not null,
      state ${text} not null,
      dek_id ${text} not null,
      kek_id ${text} not null,
      wrapped_dek ${bytes} not null,
      blob ${bytes} not null,
      created_by ${text} not null,
      created_at ${int} not null,
      not_after ${int},
      primary key (workspace_id, secret_id, version)
    ) ${tableEnd}`,
    `create table secret_binding (
      workspace_id ${text} not null,
      secret_id ${text} not null,
      id ${text} not null,
      server_id ${text} not null,
      server_digest ${text} not null,
      target ${text} not null,
      name ${text} not null,
      prefix ${text} not null,
      hosts ${text} not null,
      tools ${text} not null,
      created_by ${text} not null,
      created_at ${int} not null,
      primary key (workspace_id, secret_id, id)
    ) ${tableEnd}`,
    `create index secret_binding_server on secret_binding (workspace_id, server_id)`,
    // Counts every change of the secrets of a workspace; what was opened before is dropped (STO-28).
    `create table secret_epoch (
      workspace_id ${text} not null,
      epoch ${int} not null,
      primary key (workspace_id)
    ) ${tableEnd}`,
  ],
}
