import {
  AliasNode,
  ColumnNode,
  ColumnUpdateNode,
  DeleteQueryNode,
  IdentifierNode,
  InsertQueryNode,
  ListNode,
  RawNode,
  SelectQueryNode,
  TableNode,
  UpdateQueryNode,
  type KyselyPlugin,
  type OperationNode,
} from 'kysely'

import { CoreError } from '../ground/errors.ts'
import { exemptTables } from './exempt-tables.ts'
import { pinnedBy, WORKSPACE_COLUMN } from './workspace-pins.ts'

/**
 * Refuses, in production too, every statement on a table of a workspace that does not name one workspace, before it
 * reaches a driver (STO-21). What it cannot read it refuses as well: raw statements, and raw fragments with a table.
 */
export const workspaceGuard: KyselyPlugin = {
  transformQuery({ node }) {
    checkStatement(node, noScope)
    return node
  },
  transformResult: async ({ result }) => result,
}

/** What an inner statement knows of those around it: names that are no tables, and tables held to one workspace. */
type Scope = Readonly<{ derived: ReadonlySet<string>; pinned: ReadonlySet<string> }>

const noScope: Scope = { derived: new Set(), pinned: new Set() }

const TABLE_IN_RAW_SQL = /\b(?:from|join|into|update|table)\b/i

type Reading = SelectQueryNode | UpdateQueryNode | DeleteQueryNode

const isReading = (node: OperationNode): node is Reading =>
  SelectQueryNode.is(node) || UpdateQueryNode.is(node) || DeleteQueryNode.is(node)

const isStatement = (node: OperationNode): node is Reading | InsertQueryNode =>
  isReading(node) || InsertQueryNode.is(node)

function checkStatement(node: OperationNode, outer: Scope): void {
  if (!isStatement(node)) throw missing(node.kind)
  const derived = new Set(outer.derived)
  for (const part of node.with?.expressions ?? []) derived.add(tableName(part.name.table))

  if (isReading(node)) {
    checkInside(node, { derived, pinned: checkSources(node, { ...outer, derived }) })
  } else {
    checkInsert(node)
    checkInside(node, { derived, pinned: outer.pinned })
  }
}

function checkInsert({ into, columns }: InsertQueryNode): void {
  const table = into ? tableName(into) : ''
  if (exemptTables.has(table)) return
  if (!columns?.some(({ column }) => column.name === WORKSPACE_COLUMN)) throw missing(table)
}

/** Every table that the statement reads or changes must be held to one workspace by its where and its joins. */
function checkSources(node: Reading, { derived, pinned: outer }: Scope): ReadonlySet<string> {
  const sources = sourcesOf(node)
  const pinned = pinnedBy(node, { aliases: sources.map(({ alias }) => alias), outer })
  for (const { table, alias } of sources) {
    if (table === undefined || derived.has(table) || exemptTables.has(table)) continue
    if (!pinned.has(alias)) throw missing(table)
  }
  return pinned
}

type Source = Readonly<{ alias: string; table: string | undefined }>

function sourcesOf(node: Reading): readonly Source[] {
  const roots: OperationNode[] = []
  if (UpdateQueryNode.is(node) && node.table) roots.push(node.table)
  roots.push(...(node.from?.froms ?? []))
  if (DeleteQueryNode.is(node)) roots.push(...(node.using?.tables ?? []))
  for (const join of node.joins ?? []) roots.push(join.table)
  return roots.flatMap(toSources)
}

/** A source that is neither a table nor a select is one that nothing here can read. */
function toSources(node: OperationNode): readonly Source[] {
  if (ListNode.is(node)) return node.items.flatMap(toSources)
  if (TableNode.is(node)) return [{ alias: tableName(node), table: tableName(node) }]
  if (!AliasNode.is(node) || !IdentifierNode.is(node.alias)) throw missing(node.kind)
  const alias = node.alias.name
  if (TableNode.is(node.node)) return [{ alias, table: tableName(node.node) }]
  if (SelectQueryNode.is(node.node)) return [{ alias, table: undefined }]
  throw missing(node.node.kind)
}

/**
 * Statements may stand anywhere inside: in a predicate, a column, the place of a table, a union. And no row moves to
 * another workspace.
 */
function checkInside(node: OperationNode, scope: Scope): void {
  if (RawNode.is(node) && node.sqlFragments.some((text) => TABLE_IN_RAW_SQL.test(text))) {
    throw missing(node.kind)
  }
  if (ColumnUpdateNode.is(node) && isWorkspaceColumn(node.column)) throw missing(node.kind)
  for (const child of childrenOf(node)) {
    if (isStatement(child)) checkStatement(child, scope)
    else checkInside(child, scope)
  }
}

function* childrenOf(node: OperationNode): Generator<OperationNode> {
  for (const member of Object.values(node)) {
    for (const child of Array.isArray(member) ? member : [member]) if (isNode(child)) yield child
  }
}

const isNode = (value: unknown): value is OperationNode =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  typeof value.kind === 'string' &&
  value.kind.endsWith('Node')

const isWorkspaceColumn = (node: OperationNode): boolean =>
  ColumnNode.is(node) && node.column.name === WORKSPACE_COLUMN

const tableName = (node: TableNode): string => node.table.identifier.name

const missing = (table: string): CoreError => new CoreError('tenant_predicate_missing', { table })
