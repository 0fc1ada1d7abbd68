import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  argumentsToKeep,
  bindOf,
  callKeyFor,
  commitmentTo,
  keptArguments,
  shownArguments,
  type Bound,
} from './binding.ts'
import { call, decision, principal, terms } from './fixtures.ts'

const KEY = Buffer.alloc(32, 1)
const key = (args: unknown, overrides: Parameters<typeof call>[1] = {}, who = principal()) =>
  callKeyFor(KEY, who, call(args, overrides))

/** The same JSON value written differently: members in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [name, shuffled(member)] as const)
  return Object.fromEntries(members.toReversed())
}

const jsonObject = fc.dictionary(
  fc.string().filter((name) => name !== '__proto__'),
  fc.jsonValue(),
)

describe('the call key (APR-10, APR-T4)', () => {
  it('is the same for the same arguments in any order, spacing and spelling of numbers', () => {
    const texts = ['{"a":1,"b":[1e2,"x"]}', '{ "b": [100.0, "\\u0078"], "a": 1.0 }']
    expect(new Set(texts.map((text) => key(JSON.parse(text)))).size).toBe(1)
    fc.assert(
      fc.property(jsonObject, (args) => {
        expect(key(shuffled(args))).toBe(key(args))
      }),
    )
  })

  it('is another for other arguments', () => {
    fc.assert(
      fc.property(jsonObject, jsonObject, (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b))
        fc.pre(keptArguments(argumentsToKeep(a)) !== keptArguments(argumentsToKeep(b)))
        const isSame =
          commitmentTo(argumentsToKeep(a).subarray(16)) ===
          commitmentTo(argumentsToKeep(b).subarray(16))
        expect(key(a) === key(b)).toBe(isSame)
      }),
    )
  })

  it('is another for any other caller, credential, server, method, name or workspace key', () => {
    const { agent, user } = principal()
    const others = [
      key({}, {}, principal({ tokenId: 'tok_1' })),
      key({}, {}, principal({ agent: { ...agent, id: 'agt_1' } })),
      key({}, {}, principal({ ...(user && { user: { ...user, id: 'usr_1' } }) })),
      key({}, { server: { ...call().server, id: 'srv_1' } }),
      key({}, { method: 'prompts/get' }),
      key({}, { name: 'refund' }),
      callKeyFor(Buffer.alloc(32, 2), principal(), call({})),
      key({}),
    ]
    expect(new Set(others).size).toBe(others.length)
  })

  it('covers every parameter that reaches the server, and not what is only between us and the client', () => {
    const plain = call({})
    const withParams = (params: Record<string, unknown>) =>
      callKeyFor(KEY, principal(), {
        ...plain,
        frame: { ...plain.frame, params: { ...plain.frame.params, ...params } },
      })
    expect(withParams({ task: { ttl: 1 } })).not.toBe(withParams({}))
    expect(withParams({ _meta: { progressToken: 1 } })).toBe(withParams({}))
  })

  it('is refused where a number would be shown other than it is sent', () => {
    const plain = call({ amount: 9007199254740992 })
    const lossy = { ...plain, frame: { ...plain.frame, spans: { lossyNumber: [0, 16] as const } } }
    expect(() => shownArguments(lossy)).toThrow('params_invalid')
  })
})

describe('the commitment to arguments (APR-10)', () => {
  it('differs with every salt, and gives the arguments back', () => {
    fc.assert(
      fc.property(jsonObject, (args) => {
        const kept = argumentsToKeep(args)
        expect(commitmentTo(kept)).not.toBe(commitmentTo(argumentsToKeep(args)))
        expect(keptArguments(kept)).toEqual(JSON.parse(JSON.stringify(args)))
      }),
    )
  })
})

describe('the bind (APR-4, APR-10, APR-T4)', () => {
  const bound: Bound = {
    approvalId: 'apr_0',
    revision: 1,
    principal: { userId: 'usr_0', agentId: 'agt_0', ownerId: 'usr_1', tokenId: 'tok_0' },
    call: { workspaceId: 'wsp_0', method: 'tools/call', name: 'pay', server: { id: 'srv_0' } },
    target: { serverHash: 'h', pin: 'p', connection: 'c' },
    argsCommitment: 'a',
    policyVersion: 1,
    matched: decision().matched,
    terms: terms(),
  }

  it('is the same for the same thing, whatever the order of its members', () => {
    const { terms: asked, target, principal: chain, ...others } = bound
    const again = {
      ...others,
      terms: Object.assign({ comment: asked.comment }, asked),
      target: { pin: target.pin, connection: target.connection, serverHash: target.serverHash },
      principal: Object.assign({ tokenId: chain.tokenId }, chain),
    }
    expect(bindOf(again)).toBe(bindOf(bound))
  })

  it.each<readonly [string, Partial<Bound>]>([
    ['approval', { approvalId: 'apr_1' }],
    ['revision', { revision: 2 }],
    ['workspace', { call: { ...bound.call, workspaceId: 'wsp_1' } }],
    ['user', { principal: { ...bound.principal, userId: 'usr_9' } }],
    ['no user', { principal: { ...bound.principal, userId: undefined } }],
    ['agent', { principal: { ...bound.principal, agentId: 'agt_9' } }],
    ['owner', { principal: { ...bound.principal, ownerId: 'usr_9' } }],
    ['credential', { principal: { ...bound.principal, tokenId: 'tok_9' } }],
    ['server', { call: { ...bound.call, server: { id: 'srv_9' } } }],
    ['server definition', { target: { ...bound.target, serverHash: 'other' } }],
    ['method', { call: { ...bound.call, method: 'prompts/get' } }],
    ['name', { call: { ...bound.call, name: 'refund' } }],
    ['pin', { target: { ...bound.target, pin: 'other' } }],
    ['no pin', { target: { ...bound.target, pin: undefined } }],
    ['connection', { target: { ...bound.target, connection: 'other' } }],
    ['arguments', { argsCommitment: 'other' }],
    ['policy version', { policyVersion: 2 }],
    ['rules', { matched: [] }],
    ['quorum', { terms: terms({ quorum: 2 }) }],
    ['groups', { terms: terms({ approvers: [{ group: 'finance', quorum: 1 }] }) }],
    ['self-approval', { terms: terms({ self: true }) }],
  ])('changes with the %s alone', (_field, change) => {
    expect(bindOf({ ...bound, ...change })).not.toBe(bindOf(bound))
  })
})
