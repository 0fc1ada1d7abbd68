import type { Migration } from './migration.ts'

/** Profiles: chosen parts of what a workspace offers. A removed one keeps its name. */
export const profiles0008: Migration = {
  version: 8,
  name: 'profiles',
  minReader: 8,
  up: ({ text, int, tableEnd }) => [
    `create table profile (
      workspace_id ${text} not null,
      name ${text} not null,
      state ${text} not null,
      body ${text} not null,
      revision ${int} not null,
      created_at ${int} not null,
      primary key (workspace_id, name)
    ) ${tableEnd}`,
  ],
}
