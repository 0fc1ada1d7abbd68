import { z } from 'zod'

import { canonicalJson } from '../ground/canonical-json.ts'
import type { CatalogueItem } from '../model/server.ts'
import { isSchema, type JsonSchema } from './cel/schema-type.ts'
import type { Finding } from './cel/dialect.ts'
import type { Program } from './cel/program.ts'
import { createCheckTypes, type CheckTypes } from './cel/type-check.ts'
import type { CheckedRules } from './check.ts'
import { targetKinds } from './judge.ts'
import { problem, type PolicyProblem } from './problem.ts'
import type { Rule } from './rule.ts'
import { createRuleIndex } from './rule-index.ts'

/** Tools of one schema, so that it is looked at once however many share it. */
type Shape = Readonly<{ schema: JsonSchema; names: string[] }>

const TOOLS_NAMED_MAX = 5

/**
 * Parses each condition, and checks its types against the arguments of every tool and prompt in the rule's scope
 * (POL-10, POL-11).
 */
export function checkConditions(rules: CheckedRules): readonly PolicyProblem[] {
  const { document, compileCondition } = rules
  const checkTypes = createCheckTypes(document.vars)
  const shapes = shapesByRule(rules)
  return document.rules.flatMap((rule, index) => {
    if (rule.when === undefined) return []
    const compiled = compileCondition(rule.when)
    const findings =
      'findings' in compiled
        ? compiled.findings
        : checkProgram(rule.when, compiled.program, { checkTypes, shapes: shapes.get(rule) ?? [] })
    return findings.map((finding) => toProblem(finding, { rules, rule, index }))
  })
}

function toProblem(
  { code, message, offset }: Finding,
  { rules, rule, index }: Readonly<{ rules: CheckedRules; rule: Rule; index: number }>,
): PolicyProblem {
  const position = rules.locate(['rules', index, 'when'], offset)
  return problem(code, message, { rule: rule.id, position })
}

function checkProgram(
  when: string,
  { ast, reads }: Program,
  { checkTypes, shapes }: Readonly<{ checkTypes: CheckTypes; shapes: readonly Shape[] }>,
): readonly Finding[] {
  if (!reads.has('args') || shapes.length === 0) return checkTypes(when, ast, undefined)
  const toolsByFinding = new Map<string, { finding: Finding; names: string[] }>()
  for (const { schema, names } of shapes) {
    for (const finding of checkTypes(when, ast, schema)) {
      const key = `${finding.code}\0${finding.message}\0${finding.offset}`
      const known = toolsByFinding.get(key) ?? { finding, names: [] }
      known.names.push(...names)
      toolsByFinding.set(key, known)
    }
  }
  return [...toolsByFinding.values()].map(({ finding, names }) => ({
    ...finding,
    message: `${finding.message} (${listed(names)})`,
  }))
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, TOOLS_NAMED_MAX).join(', ')
  const left = names.length - TOOLS_NAMED_MAX
  return left > 0 ? `${shown} and ${left} more` : shown
}

function shapesByRule({ document, around }: CheckedRules): ReadonlyMap<Rule, readonly Shape[]> {
  const index = createRuleIndex(document.rules.filter(({ when }) => when !== undefined))
  const shapes = new Map<Rule, Map<string, Shape>>()
  for (const { server, item } of around.catalogue) {
    const schema = schemaOf(item)
    if (!schema) continue
    const key = canonicalJson(schema)
    const kind = targetKinds[item.kind]
    const action = kind === 'tool' ? 'tool.call' : 'prompt.get'
    const target = { action, server, labels: item.labels, kind, name: item.name } as const
    for (const rule of index.find(target).keys()) {
      const ofRule = shapes.get(rule) ?? new Map<string, Shape>()
      const shape = ofRule.get(key) ?? { schema, names: [] }
      shape.names.push(`${server.slug}/${item.name}`)
      shapes.set(rule, ofRule.set(key, shape))
    }
  }
  return new Map([...shapes].map(([rule, ofRule]) => [rule, [...ofRule.values()]]))
}

const Definition = z.object({
  inputSchema: z.unknown(),
  arguments: z.array(z.object({ name: z.string() })).default([]),
})

/** What the arguments of a tool or prompt look like; all arguments of a prompt are text. */
function schemaOf(item: CatalogueItem): JsonSchema | undefined {
  const parsed = Definition.safeParse(parseJson(item.definition))
  if (!parsed.success) return undefined
  if (item.kind === 'tool') {
    return isSchema(parsed.data.inputSchema) ? parsed.data.inputSchema : undefined
  }
  if (item.kind !== 'prompt') return undefined
  const names = parsed.data.arguments.map(({ name }) => [name, { type: 'string' }] as const)
  return { type: 'object', properties: Object.fromEntries(names) }
}

/** Undefined for text that is no JSON; the catalogue then has nothing to say about arguments. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
