import { describe, expect, it } from 'vitest'

import { checkPolicy } from './check.ts'
import { decide } from './decide.ts'
import { around, call, compileCondition, item, policyOf, question, robot, rule } from './testing.ts'

/** What each variable is for Ana's payout, as a condition that holds. */
const holding = [
  'args.amount == 5.0',
  'tool.server == "stripe"',
  'tool.name == "create_payout"',
  '"write" in tool.labels',
  'tool.risk == 40.0',
  'server.slug == "stripe"',
  'size(server.labels) == 0',
  'server.transport == "http"',
  'user.id == "usr_ana"',
  'user.email == "ana@corp.test"',
  '"finance" in user.groups',
  '"member" in user.roles',
  'user.mfa',
  'agent.id == "agt_1"',
  'agent.owner == "usr_ana"',
  '"owned" in agent.labels',
  'agent.client == "claude"',
  'agent.kind == "connection"',
  'method == "tools/call"',
  'now == timestamp("2026-11-23T09:30:00Z")',
  'now.getHours("Europe/Berlin") == 10',
  'ip == "10.1.2.3"',
  'risk == 40.0',
  'vars.limit == 5.0',
  '"a" in vars.known',
]

const VARS = { limit: 5, known: ['a', 'b'] }

const reportOf = (when: string) => {
  const scope =
    '{principals: [any], actions: [tool.call], resources: ["tool:stripe/create_payout"]}'
  const source = `rules:\n  - {id: a, scope: ${scope}, effect: deny, when: '${when}'}\nvars: {limit: 5, known: [a, b]}\n`
  return checkPolicy(source, around, compileCondition).report.map(({ code }) => code)
}

describe('a variable (POL-12)', () => {
  it.each(holding)('may be read at publish and has its value in a call: %s', (when) => {
    expect(reportOf(when)).toEqual([])
    const asked = question({ call: call({ args: { amount: 5 } }) })
    expect(decide(policyOf([rule({ when })], VARS), asked).effect).toBe('allow')
    const otherwise = rule({ when: `!(${when})` })
    expect(decide(policyOf([otherwise], VARS), asked).effect).toBe('deny')
  })

  it('uri is what a read names, and nothing in a tool call', () => {
    const when = 'uri.startsWith("file:///a/")'
    const over = { when, scope: { actions: ['resource.read' as const, 'tool.call' as const] } }
    const resource = item({ kind: 'resource', name: 'FILE:///a/b' })
    const read = { action: 'resource.read', method: 'resources/read', item: resource } as const
    const named = call({ ...read, name: resource.name, uri: 'file:///a/b' })
    const effectOf = (one: typeof named) =>
      decide(policyOf([rule(over)]), question({ call: one })).effect
    expect(effectOf(named)).toBe('allow')
    expect(effectOf(call())).toBe('deny')
  })

  it.each([
    'run.calls > 1.0',
    '"untrusted" in run.labels',
    'run.age_s > 60.0',
    'history.calls("1m") > 1.0',
    'history.denials("24h") > 1.0',
  ])('that has no value yet is refused at publish: %s', (when) => {
    expect(reportOf(when)).toContain('not_supported_yet')
  })

  it.each([
    'tool.annotations.readOnlyHint',
    'tool.description == "x"',
    'server.name == "x"',
    'user.password == "x"',
    'agent.token == "x"',
    'secrets.key == "x"',
    'vars.unknown == "x"',
  ])('that there is none of is refused at publish: %s', (when) => {
    expect(reportOf(when)).toContain('type_error')
  })

  it('of a user is an error for an agent that nobody stands behind', () => {
    const scope = { principals: ['agent:agt_bot'] }
    const deny = rule({ scope, effect: 'deny', when: '!user.mfa' })
    const asked = question({ principal: robot })
    expect(decide(policyOf([rule({ scope }), deny]), asked)).toMatchObject({
      effect: 'deny',
      matched: expect.arrayContaining([expect.objectContaining({ rule: deny.id, errored: true })]),
    })
  })
})
