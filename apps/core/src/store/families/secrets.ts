import type { ColumnClasses } from '../column.ts'

/** Secrets, their versions, and where each may be used. Values are vault blobs; nothing tells their length. */
export type SecretTables = {
  secret: {
    workspace_id: string
    id: string
    name: string
    kind: string
    owner_kind: string
    owner_id: string
    state: string
    current_version: number | null
    expires_at: number | null
    created_by: string
    created_at: number
    last_used_at: number | null
    last_used_server_id: string | null
    /** Grows with every change, in the row or below it; changes are compared and set by it (STO-26). */
    revision: number
  }
  secret_version: {
    workspace_id: string
    secret_id: string
    version: number
    state: string
    dek_id: string
    kek_id: string
    /** Empty, like `blob`, once destroyed. */
    wrapped_dek: Uint8Array
    blob: Uint8Array
    created_by: string
    created_at: number
    not_after: number | null
  }
  secret_binding: {
    workspace_id: string
    secret_id: string
    id: string
    server_id: string
    server_digest: string
    target: string
    name: string
    prefix: string
    /** JSON arrays of text. */
    hosts: string
    tools: string
    created_by: string
    created_at: number
  }
  secret_epoch: { workspace_id: string; epoch: number }
}

export const secretColumns: ColumnClasses<SecretTables> = {
  secret: {
    workspace_id: 'plain',
    id: 'plain',
    name: 'plain',
    kind: 'plain',
    owner_kind: 'plain',
    owner_id: 'plain',
    state: 'plain',
    current_version: 'plain',
    expires_at: 'plain',
    created_by: 'plain',
    created_at: 'plain',
    last_used_at: 'plain',
    last_used_server_id: 'plain',
    revision: 'plain',
  },
  secret_version: {
    workspace_id: 'plain',
    secret_id: 'plain',
    version: 'plain',
    state: 'plain',
    dek_id: 'plain',
    kek_id: 'plain',
    wrapped_dek: 'secret',
    blob: 'secret',
    created_by: 'plain',
    created_at: 'plain',
    not_after: 'plain',
  },
  secret_binding: {
    workspace_id: 'plain',
    secret_id: 'plain',
    id: 'plain',
    server_id: 'plain',
    server_digest: 'plain',
    target: 'plain',
    name: 'plain',
    prefix: 'plain',
    hosts: 'plain',
    tools: 'plain',
    created_by: 'plain',
    created_at: 'plain',
  },
  secret_epoch: { workspace_id: 'plain', epoch: 'plain' },
}
