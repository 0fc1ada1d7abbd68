import { canonicalJson } from '../ground/canonical-json.ts'
import type { PolicyDocument, Rule } from './rule.ts'

/** What changed from one version to another, by rule id and field. */
export type PolicyDiff = Readonly<{
  added: readonly string[]
  removed: readonly string[]
  changed: readonly Readonly<{ rule: string; fields: readonly string[] }>[]
  /** Names of `vars` that were added, removed or changed. */
  vars: readonly string[]
}>

export function diffPolicies(from: PolicyDocument, to: PolicyDocument): PolicyDiff {
  const before = new Map(from.rules.map((rule) => [rule.id, rule]))
  const after = new Map(to.rules.map((rule) => [rule.id, rule]))
  return {
    added: [...after.keys()].filter((id) => !before.has(id)),
    removed: [...before.keys()].filter((id) => !after.has(id)),
    changed: [...after].flatMap(([id, rule]) => {
      const old = before.get(id)
      const fields = old ? differing(old, rule) : []
      return fields.length > 0 ? [{ rule: id, fields }] : []
    }),
    vars: differing(from.vars, to.vars),
  }
}

function differing(a: Partial<Rule> | PolicyDocument['vars'], b: typeof a): readonly string[] {
  const [before, after] = [new Map(Object.entries(a)), new Map(Object.entries(b))]
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => textOf(before.get(key)) !== textOf(after.get(key)))
    .toSorted()
}

const textOf = (value: unknown): string => (value === undefined ? '' : canonicalJson(value))
