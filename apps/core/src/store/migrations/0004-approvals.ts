import type { Migration, SqlTypes } from './migration.ts'

/** Approvals, what each revision asks for, votes, every attempt to run one, and what came of it. */
export const approvals0004: Migration = {
  version: 4,
  name: 'approvals',
  minReader: 4,
  up: (types) => [...requests(types), ...decisions(types), ...executions(types)],
}

const requests = ({ text, int, bytes, tableEnd }: SqlTypes): readonly string[] => [
  `create table approval (
      workspace_id ${text} not null,
      id ${text} not null,
      code ${text} not null,
      state ${text} not null,
      version ${int} not null,
      revision ${int} not null,
      call_key ${text} not null,
      bind ${text} not null,
      agent_id ${text} not null,
      agent_name ${text} not null,
      owner_id ${text} not null,
      user_id ${text},
      token_id ${text} not null,
      server_id ${text} not null,
      server_slug ${text} not null,
      method ${text} not null,
      name ${text} not null,
      risk ${int} not null,
      labels ${text} not null,
      resendable ${int} not null,
      decide_by ${int} not null,
      execute_by ${int},
      attempt ${int} not null,
      fence ${int} not null,
      sent_fence ${int},
      lease_until ${int},
      void_reason ${text},
      ended_by ${text},
      end_note ${bytes},
      created_at ${int} not null,
      updated_at ${int} not null,
      primary key (workspace_id, id)
    ) ${tableEnd}`,
  // One card per call, whoever asks at once. Rows that ended, or may have run, do not stand in a new one's way.
  `create unique index approval_open_call on approval (workspace_id, call_key)
      where state in ('PENDING', 'APPROVED', 'EXECUTING')`,
  `create unique index approval_open_code on approval (workspace_id, code)
      where state in ('PENDING', 'APPROVED', 'EXECUTING', 'OUTCOME_UNKNOWN')`,
  `create index approval_by_call on approval (workspace_id, call_key, created_at)`,
  `create index approval_by_code on approval (workspace_id, code, created_at)`,
  `create index approval_by_state on approval (workspace_id, state, created_at)`,
  `create index approval_by_agent on approval (workspace_id, agent_id, created_at)`,
  `create index approval_by_change on approval (workspace_id, updated_at)`,
]

const decisions = ({ text, int, bytes, tableEnd }: SqlTypes): readonly string[] => [
  `create table approval_revision (
      workspace_id ${text} not null,
      approval_id ${text} not null,
      revision ${int} not null,
      bind ${text} not null,
      args ${bytes} not null,
      args_commitment ${text} not null,
      target ${text} not null,
      policy_version ${int} not null,
      matched ${text} not null,
      terms ${text} not null,
      created_at ${int} not null,
      primary key (workspace_id, approval_id, revision)
    ) ${tableEnd}`,
  `create table approval_vote (
      workspace_id ${text} not null,
      approval_id ${text} not null,
      revision ${int} not null,
      voter_id ${text} not null,
      vote ${text} not null,
      bind ${text} not null,
      self_approved ${int} not null,
      comment ${bytes},
      audience ${text} not null,
      session_id ${text} not null,
      voted_at ${int} not null,
      primary key (workspace_id, approval_id, revision, voter_id)
    ) ${tableEnd}`,
]

const executions = ({ text, int, bytes, tableEnd }: SqlTypes): readonly string[] => [
  `create table execution (
      workspace_id ${text} not null,
      approval_id ${text} not null,
      fence ${int} not null,
      attempt ${int} not null,
      call_id ${text} not null,
      claimed_at ${int} not null,
      sent_intent_at ${int},
      ended_at ${int},
      outcome ${text},
      primary key (workspace_id, approval_id, fence)
    ) ${tableEnd}`,
  `create table approval_result (
      workspace_id ${text} not null,
      approval_id ${text} not null,
      fence ${int} not null,
      hash ${text} not null,
      bytes ${int} not null,
      is_error ${int} not null,
      server_era ${text} not null,
      is_late ${int} not null,
      stored_at ${int} not null,
      keep_until ${int} not null,
      delivered_at ${int},
      replayed_at ${int},
      primary key (workspace_id, approval_id, fence)
    ) ${tableEnd}`,
  `create index approval_result_by_end on approval_result (workspace_id, keep_until)`,
  `create table approval_result_part (
      workspace_id ${text} not null,
      approval_id ${text} not null,
      fence ${int} not null,
      part ${int} not null,
      blob ${bytes} not null,
      primary key (workspace_id, approval_id, fence, part)
    ) ${tableEnd}`,
]
