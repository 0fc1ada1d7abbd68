import type { CheckedRules } from './check.ts'
import { targetKinds } from './judge.ts'
import { problem, type PolicyProblem } from './problem.ts'
import type { Rule } from './rule.ts'
import { createRuleIndex } from './rule-index.ts'
import type { CatalogueItem } from '../model/server.ts'

/** Rules that reach nothing, and rules that reach further than their author may think. */
export function checkReach(rules: CheckedRules): readonly PolicyProblem[] {
  return [...findUnreachable(rules), ...findBroad(rules)]
}

/** Everyone is denied there, whatever the arguments, so no other rule about the same has a say. */
const isAbsolute = ({ effect, when, mode, scope }: Rule): boolean =>
  effect === 'deny' && when === undefined && mode === 'enforce' && scope.principals.includes('any')

function findUnreachable({ document, locate }: CheckedRules): readonly PolicyProblem[] {
  const absolute = document.rules.filter(isAbsolute)
  return document.rules.flatMap((rule, index) => {
    const cover = absolute.find((deny) => deny !== rule && covers(deny, rule))
    if (!cover || isAbsolute(rule)) return []
    const place = { rule: rule.id, position: locate(['rules', index, 'id']) }
    return [problem('unreachable_rule', `"${cover.id}" denies all of it`, place)]
  })
}

function covers(deny: Rule, rule: Rule): boolean {
  const { actions, resources } = deny.scope
  return (
    rule.scope.actions.every((action) => actions.includes(action)) &&
    rule.scope.resources.every((text) => resources.includes('any') || resources.includes(text))
  )
}

const CHANGING = ['write', 'destructive']

/** An unset label means the worst (POL-49). */
const mayChange = ({ labels }: CatalogueItem): boolean =>
  !labels.includes('read') || labels.some((label) => CHANGING.includes(label))

const isBroad = ({ effect, mode, scope }: Rule): boolean =>
  effect === 'allow' && mode === 'enforce' && scope.principals.includes('any')

function findBroad({ document, locate, around }: CheckedRules): readonly PolicyProblem[] {
  const index = createRuleIndex(document.rules.filter(isBroad))
  const reached = new Map<Rule, string>()
  for (const { server, item } of around.catalogue) {
    if (item.kind !== 'tool' || !mayChange(item)) continue
    const kind = targetKinds[item.kind]
    const target = {
      action: 'tool.call',
      server,
      labels: item.labels,
      kind,
      name: item.name,
    } as const
    for (const rule of index.find(target).keys()) reached.set(rule, `${server.slug}/${item.name}`)
  }
  return [...reached].map(([rule, tool]) => {
    const position = locate(['rules', document.rules.indexOf(rule), 'scope'])
    return problem('broad_allow', `anyone may call ${tool}`, { rule: rule.id, position })
  })
}
