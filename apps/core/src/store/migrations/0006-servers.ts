import type { Migration } from './migration.ts'

/** Servers, every version of their definitions, what they offer, and the names that clients see. */
export const servers0006: Migration = {
  version: 6,
  name: 'servers',
  minReader: 6,
  up: ({ text, int, tableEnd }) => [
    `create table server (
      workspace_id ${text} not null,
      id ${text} not null,
      slug ${text} not null,
      state ${text} not null,
      version ${int} not null,
      event_id ${text} not null,
      revision ${int} not null,
      created_at ${int} not null,
      primary key (workspace_id, id),
      unique (workspace_id, slug)
    ) ${tableEnd}`,
    `create table server_definition (
      workspace_id ${text} not null,
      server_id ${text} not null,
      version ${int} not null,
      hash ${text} not null,
      body ${text} not null,
      created_by ${text} not null,
      created_at ${int} not null,
      primary key (workspace_id, server_id, version)
    ) ${tableEnd}`,
    `create table catalogue_item (
      workspace_id ${text} not null,
      server_id ${text} not null,
      kind ${text} not null,
      name_key ${text} not null,
      name ${text} not null,
      exposed ${text} not null,
      definition ${text} not null,
      pin ${text} not null,
      accepted_definition ${text},
      accepted_pin ${text},
      state ${text} not null,
      labels ${text} not null,
      risk ${int} not null,
      reviewed_by ${text},
      reviewed_at ${int},
      seen_at ${int} not null,
      revision ${int} not null,
      primary key (workspace_id, server_id, kind, name_key)
    ) ${tableEnd}`,
    `create table exposed_name (
      workspace_id ${text} not null,
      kind ${text} not null,
      exposed ${text} not null,
      server_id ${text} not null,
      name_key ${text} not null,
      created_at ${int} not null,
      primary key (workspace_id, kind, exposed),
      unique (workspace_id, server_id, kind, name_key)
    ) ${tableEnd}`,
  ],
}
