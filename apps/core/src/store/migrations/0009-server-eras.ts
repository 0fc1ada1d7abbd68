import type { Migration } from './migration.ts'

/** Which generation of the protocol a server was found to speak, for which launch and credential (MCP-53). */
export const serverEras0009: Migration = {
  version: 9,
  name: 'server-eras',
  minReader: 9,
  up: ({ text, int, tableEnd }) => [
    `create table server_era (
      workspace_id ${text} not null,
      server_id ${text} not null,
      launch_hash ${text} not null,
      credential_version ${text} not null,
      era ${text} not null,
      found_at ${int} not null,
      primary key (workspace_id, server_id, launch_hash, credential_version)
    ) ${tableEnd}`,
  ],
}
