import type { Migration } from './migration.ts'

/** Versions of the rules, never changed once written, and which one is active (POL-24). */
export const policy0003: Migration = {
  version: 3,
  name: 'policy',
  minReader: 3,
  up: ({ text, int, tableEnd }) => [
    `create table policy_version (
      workspace_id ${text} not null,
      version ${int} not null,
      digest ${text} not null,
      base ${int} not null,
      author ${text} not null,
      reason ${text} not null,
      published_at ${int} not null,
      source ${text} not null,
      report ${text} not null,
      primary key (workspace_id, version)
    ) ${tableEnd}`,
    `create table policy_active (
      workspace_id ${text} not null,
      version ${int} not null,
      primary key (workspace_id)
    ) ${tableEnd}`,
  ],
}
