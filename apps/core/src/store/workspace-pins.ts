import {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  IdentifierNode,
  OperatorNode,
  ParensNode,
  ReferenceNode,
  TableNode,
  ValueNode,
  type JoinNode,
  type OperationNode,
  type WhereNode,
} from 'kysely'

export const WORKSPACE_COLUMN = 'workspace_id'

type Clauses = Readonly<{ where?: WhereNode; joins?: readonly JoinNode[] }>

/** The names a statement gives its tables, and what the statements around it already hold to one workspace. */
type Around = Readonly<{ aliases: readonly string[]; outer: ReadonlySet<string> }>

/**
 * Names of the tables whose `workspace_id` is held to one given value. Follows `workspace_id = <value>` and
 * `a.workspace_id = b.workspace_id` through the conjuncts of where and joins. What stands under `or`, `not` or a
 * function holds nothing. The condition of a left join filters the joined table alone, so it pins no other.
 */
export function pinnedBy({ where, joins }: Clauses, around: Around): ReadonlySet<string> {
  const equalities = [
    ...equalitiesIn(where?.where, around, 'any'),
    ...(joins ?? []).flatMap((join) => equalitiesIn(join.on?.on, around, pinnableBy(join))),
  ]
  const pinned = new Set(around.outer)
  for (const alias of around.aliases) pinned.delete(alias)
  while (equalities.some((equality) => pinOne(equality, pinned)));
  return pinned
}

/** Which tables a join's condition can pin: any, only the joined one, or none that this knows. */
function pinnableBy({ joinType, table }: JoinNode): string {
  if (joinType === 'InnerJoin') return 'any'
  if (joinType !== 'LeftJoin') return 'none'
  if (TableNode.is(table)) return `only ${table.table.identifier.name}`
  const isNamed = AliasNode.is(table) && IdentifierNode.is(table.alias)
  return isNamed && IdentifierNode.is(table.alias) ? `only ${table.alias.name}` : 'none'
}

/** A side of `=`: a value, or the workspace column of a table. */
type Side = Readonly<{ value: true } | { table: string } | { other: true }>

type Equality = Readonly<{ sides: readonly [Side, Side]; pinnable: string }>

/** True when the equality pinned a table that was not pinned before. */
function pinOne({ sides: [left, right], pinnable }: Equality, pinned: Set<string>): boolean {
  return pinSide(left, right) || pinSide(right, left)

  function pinSide(side: Side, held: Side): boolean {
    if (!('table' in side) || pinned.has(side.table)) return false
    if (pinnable !== 'any' && pinnable !== `only ${side.table}`) return false
    const isHeld = 'value' in held || ('table' in held && pinned.has(held.table))
    if (isHeld) pinned.add(side.table)
    return isHeld
  }
}

function equalitiesIn(
  node: OperationNode | undefined,
  around: Around,
  pinnable: string,
): readonly Equality[] {
  if (!node) return []
  if (ParensNode.is(node)) return equalitiesIn(node.node, around, pinnable)
  if (AndNode.is(node)) {
    return [node.left, node.right].flatMap((side) => equalitiesIn(side, around, pinnable))
  }
  if (!BinaryOperationNode.is(node) || !isEquals(node.operator)) return []
  return [
    { sides: [toSide(node.leftOperand, around), toSide(node.rightOperand, around)], pinnable },
  ]
}

const isEquals = (node: OperationNode): boolean => OperatorNode.is(node) && node.operator === '='

/** A bare column is of the only table there is; with several it could be of any, so it counts for nothing. */
function toSide(node: OperationNode, { aliases }: Around): Side {
  if (ValueNode.is(node)) return node.value === null ? { other: true } : { value: true }
  if (!ReferenceNode.is(node) || !ColumnNode.is(node.column)) return { other: true }
  if (node.column.column.name !== WORKSPACE_COLUMN) return { other: true }
  if (node.table) return { table: node.table.table.identifier.name }
  const [only, ...more] = aliases
  return only !== undefined && more.length === 0 ? { table: only } : { other: true }
}
