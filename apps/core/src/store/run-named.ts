import { runOperation, type Db } from './operation.ts'
import { commands, crossWorkspace, queries } from './operations.ts'
import type { CommandName, QueryName } from './store.ts'

/** The two handles of a connection; which of them an operation gets is decided by its name alone. */
export type Handles = Readonly<{
  /** Refuses statements without a workspace. */
  db: Db
  /** For the few operations that are about all workspaces. */
  unguarded: Db
}>

type Named<N> = Readonly<{ name: N; args: unknown; nowMs: number }>

export const runQuery = (handles: Handles, { name, args, nowMs }: Named<QueryName>) =>
  runOperation(queries[name], handleFor(name, handles), args, { nowMs })

export const runCommand = (handles: Handles, { name, args, nowMs }: Named<CommandName>) =>
  runOperation(commands[name], handleFor(name, handles), args, { nowMs })

const handleFor = (name: string, { db, unguarded }: Handles): Db =>
  crossWorkspace.has(name) ? unguarded : db
