import { describe, expect, it } from 'vitest'

import type { Effect } from '../model/decision.ts'
import { ownServer } from '../model/own-tools.ts'
import type { Principal } from '../model/principal.ts'
import { checkPolicy } from './check.ts'
import { decide } from './decide.ts'
import { isListed } from './list.ts'
import type { Rule } from './rule.ts'
import {
  ana,
  around,
  call,
  compileCondition,
  item,
  policyOf,
  question,
  robot,
  rule,
} from './testing.ts'

const own = item({ serverId: 'peta', name: 'call_tool', exposed: 'peta__call_tool', labels: [] })
const ownCall = call({ server: ownServer, item: own, name: own.name })

const effectOf = (rules: readonly Rule[], principal: Principal = ana): Effect =>
  decide(policyOf(rules), question({ principal, call: ownCall })).effect

const isShown = (rules: readonly Rule[]): boolean => {
  const { facts } = question()
  return isListed(policyOf(rules), { principal: ana, server: ownServer, item: own, facts })
}

describe('a tool of Peta itself', () => {
  it('is allowed to everyone without a rule, and says by what', () => {
    expect(effectOf([])).toBe('allow')
    expect(effectOf([], robot)).toBe('allow')
    expect(isShown([])).toBe(true)
    const { matched } = decide(policyOf([]), question({ call: ownCall }))
    expect(matched.map((hit) => hit.rule)).toEqual(['peta:own-tools'])
  })

  it.each(['server:peta', 'tool:peta/call_tool', 'tool:peta/*'])(
    'is denied by a rule about %s, and hidden then',
    (resource) => {
      const deny = rule({ effect: 'deny', scope: { resources: [resource] } })
      expect(effectOf([deny])).toBe('deny')
      expect(isShown([deny])).toBe(false)
    },
  )

  it('is no part of anything, which is what servers offer', () => {
    expect(effectOf([rule({ effect: 'deny' })])).toBe('allow')
    expect(effectOf([rule({ effect: 'require_approval' })])).toBe('allow')
  })

  it('waits for nobody: a rule that asks for it denies it, and is not published', () => {
    const resources = ['server:peta']
    expect(effectOf([rule({ effect: 'require_approval', scope: { resources } })])).toBe('deny')
    const source = `rules:
  - {id: a, scope: {principals: [any], actions: [tool.call], resources: ["server:peta"]}, effect: require_approval}`
    const { report } = checkPolicy(source, around, compileCondition)
    expect(report.map(({ code }) => code)).toContain('ask_unsupported')
  })

  it('can be misspelt in no rule', () => {
    const source = `rules:
  - {id: a, scope: {principals: [any], actions: [tool.call], resources: ["tool:peta/call_tol"]}, effect: deny}`
    const { report } = checkPolicy(source, around, compileCondition)
    expect(report.map(({ code }) => code)).toEqual(['unknown_reference'])
  })

  it('grants nothing of a server', () => {
    expect(decide(policyOf([]), question()).effect).toBe('deny')
  })
})
