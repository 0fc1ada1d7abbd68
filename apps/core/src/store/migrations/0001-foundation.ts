import type { Migration } from './migration.ts'

/** What every deployment has before any stage does: workspaces, instances, leases, request ids. */
export const foundation0001: Migration = {
  version: 1,
  name: 'foundation',
  minReader: 1,
  up: ({ text, int, tableEnd }) => [
    `create table workspace (
      id ${text} not null,
      name ${text} not null,
      revision ${int} not null,
      created_at ${int} not null,
      primary key (id)
    ) ${tableEnd}`,
    `create table instance (
      id ${text} not null,
      version ${text} not null,
      started_at ${int} not null,
      seen_at ${int} not null,
      primary key (id)
    ) ${tableEnd}`,
    `create table lease (
      name ${text} not null,
      owner ${text} not null,
      token ${int} not null,
      expires_at ${int} not null,
      primary key (name)
    ) ${tableEnd}`,
    `create table request (
      workspace_id ${text} not null,
      request_id ${text} not null,
      digest ${text} not null,
      result ${text} not null,
      created_at ${int} not null,
      primary key (workspace_id, request_id)
    ) ${tableEnd}`,
  ],
}
