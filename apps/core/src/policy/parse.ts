import {
  isAlias,
  isNode,
  isScalar,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
} from 'yaml'
import { z } from 'zod'

import { problem, type PolicyProblem, type PolicyProblemCode, type Position } from './problem.ts'
import {
  Rule,
  ruleLimits,
  unsupportedApprovalTerms,
  unsupportedObligations,
  Vars,
  type PolicyDocument,
} from './rule.ts'

/** Where a rule, or a part of it, stands in the source. */
export type Locate = (path: readonly PropertyKey[], offset?: number) => Position | undefined

export type ParsedPolicy = Readonly<{
  /** The rules that could be read. Complete only when there are no problems. */
  document: PolicyDocument
  problems: readonly PolicyProblem[]
  locate: Locate
}>

const DEPTH_MAX = 16
const NOTHING: PolicyDocument = { rules: [], vars: {} }

const Root = z.strictObject({
  rules: z.array(z.unknown()).max(ruleLimits.rulesMax).nullish(),
  vars: z.unknown().optional(),
})

/**
 * Reads rules from YAML 1.2: one document without anchors, aliases, tags, directives or duplicate keys, within the
 * limits (POL-23). The source itself is what is stored, so comments survive.
 *
 * Never throws; what is wrong is in `problems`.
 */
export function parsePolicy(source: string): ParsedPolicy {
  if (Buffer.byteLength(source) > ruleLimits.sourceBytesMax) {
    return refused('limit_exceeded', `the rules are larger than ${ruleLimits.sourceBytesMax} bytes`)
  }
  try {
    return readSource(source)
  } catch {
    // The YAML library recurses; a text nested deep enough exhausts the stack instead of being reported.
    return refused('parse_error', 'the text is nested too deep to be read')
  }
}

const refused = (code: PolicyProblemCode, message: string): ParsedPolicy => ({
  document: NOTHING,
  problems: [problem(code, message)],
  locate: () => undefined,
})

function readSource(source: string): ParsedPolicy {
  const lines = new LineCounter()
  const documents = parseAllDocuments(source, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    merge: false,
    prettyErrors: false,
    lineCounter: lines,
  })
  if (documents.length === 0) return { ...readRoot({}, undefinedPlace), locate: undefinedPlace }
  const [document, second] = documents
  if (!document || second || !('contents' in document)) {
    return refused('parse_error', 'the rules have to be one YAML document')
  }

  const locate = createLocate(document, lines)
  const problems = findForbidden(document, lines)
  if (problems.length > 0) return { document: NOTHING, problems, locate }
  return { ...readRoot(document.toJS() ?? {}, locate), locate }
}

const undefinedPlace: Locate = () => undefined

function createLocate(document: Document.Parsed, lines: LineCounter): Locate {
  return function locate(path, offset = 0) {
    const node = nearest(document, path)
    if (!isNode(node) || !node.range) return undefined
    const [start] = node.range
    const isPlain = isScalar(node) && node.type === 'PLAIN'
    return at(lines, start + (isPlain ? offset : 0))
  }
}

/** The node at a path, or the closest one that holds it. */
function nearest(document: Document.Parsed, path: readonly PropertyKey[]): unknown {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    if (node !== undefined) return node
  }
  return document.contents
}

function at(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

function findForbidden(document: Document.Parsed, lines: LineCounter): readonly PolicyProblem[] {
  const found = [...document.errors, ...document.warnings].map((error) =>
    problem('parse_error', error.message, { position: at(lines, error.pos[0]) }),
  )
  const { yaml, tags } = document.directives
  if (yaml.explicit === true || Object.keys(tags).some((handle) => handle !== '!!')) {
    found.push(problem('parse_error', 'directives are not allowed'))
  }
  visit(document, {
    Node(_key, node, path) {
      const position = at(lines, node.range?.[0] ?? 0)
      const what = forbidden(node)
      if (what !== undefined) found.push(problem('parse_error', what, { position }))
      if (path.length <= DEPTH_MAX * 2) return
      found.push(problem('limit_exceeded', `nested deeper than ${DEPTH_MAX}`, { position }))
      return visit.BREAK
    },
  })
  return found
}

function forbidden(node: {
  tag?: string | undefined
  anchor?: string | undefined
}): string | undefined {
  if (isAlias(node)) return 'aliases are not allowed'
  if (node.anchor !== undefined) return 'anchors are not allowed'
  return node.tag === undefined ? undefined : 'tags are not allowed'
}

function readRoot(value: unknown, locate: Locate): Omit<ParsedPolicy, 'locate'> {
  const root = Root.safeParse(value)
  if (!root.success) {
    return { document: NOTHING, problems: describe(root.error, [], locate) }
  }
  const vars = Vars.safeParse(root.data.vars ?? {})
  const problems = vars.success ? [] : [...describe(vars.error, ['vars'], locate)]

  const rules: Rule[] = []
  for (const [index, raw] of (root.data.rules ?? []).entries()) {
    const rule = Rule.safeParse(raw)
    if (rule.success) rules.push(rule.data)
    else problems.push(...describe(rule.error, ['rules', index], locate, idOf(raw)))
  }
  return { document: { rules, vars: vars.success ? vars.data : {} }, problems }
}

const idOf = (raw: unknown): string | undefined => {
  const named = z.object({ id: z.string().max(64) }).safeParse(raw)
  return named.success ? named.data.id : undefined
}

// oxlint-disable-next-line max-params -- the two ends of one mapping: an issue's path here, its place there
function describe(
  error: z.ZodError,
  prefix: readonly PropertyKey[],
  locate: Locate,
  rule?: string,
): readonly PolicyProblem[] {
  return error.issues.map((issue) => {
    const path = [...prefix, ...issue.path]
    const place = { rule, position: locate(path) }
    const code = codeOf(issue)
    const where = issue.path.join('.')
    const what = code === 'not_supported_yet' ? notEnforced(issue) : issue.message
    return problem(code, where === '' ? what : `${where}: ${what}`, place)
  })
}

/** It is in the design, so that its author may well expect it to work. */
const notEnforced = (issue: z.core.$ZodIssue): string =>
  issue.code === 'unrecognized_keys'
    ? `this release does not enforce ${issue.keys.join(', ')}`
    : issue.message

function codeOf(issue: z.core.$ZodIssue): PolicyProblemCode {
  if (issue.code === 'too_big') return 'limit_exceeded'
  if (issue.code !== 'unrecognized_keys') return 'parse_error'
  const [first, second] = issue.path
  const unsupported: readonly string[] =
    first === 'obligations' && second === 'approval'
      ? unsupportedApprovalTerms
      : first === 'obligations'
        ? unsupportedObligations
        : []
  return issue.keys.every((key) => unsupported.includes(key)) ? 'not_supported_yet' : 'parse_error'
}
