import type { Migration } from './migration.ts'

/** Calls that go on without their clients, and what came of them until it is fetched (MCP-134). */
export const tasks0010: Migration = {
  version: 10,
  name: 'tasks',
  minReader: 10,
  up: ({ text, int, bytes, tableEnd }) => [
    `create table task (
      workspace_id ${text} not null,
      id ${text} not null,
      owner ${text} not null,
      state ${text} not null,
      approval_id ${text},
      agent_id ${text} not null,
      token_id ${text} not null,
      profile ${text} not null,
      client_ip ${text} not null,
      request ${bytes} not null,
      runner ${text} not null,
      lease_until ${int} not null,
      created_at ${int} not null,
      updated_at ${int} not null,
      expires_at ${int} not null,
      primary key (workspace_id, id)
    ) ${tableEnd}`,
    `create index task_by_owner on task (workspace_id, owner, created_at, id)`,
    `create index task_by_lease on task (workspace_id, state, lease_until)`,
    `create index task_by_end on task (workspace_id, expires_at)`,
    `create table task_outcome_part (
      workspace_id ${text} not null,
      task_id ${text} not null,
      part ${int} not null,
      blob ${bytes} not null,
      primary key (workspace_id, task_id, part)
    ) ${tableEnd}`,
  ],
}
