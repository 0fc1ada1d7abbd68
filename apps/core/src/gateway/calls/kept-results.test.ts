import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'

import type { Call, CallResult } from '../../model/call.ts'
import type { ArmedCall } from '../../model/clearance.ts'
import { narrow } from '../../profile/narrow.ts'
import { parseClientMessage } from '../../protocol/frame.ts'
import { createGovernedCall, type CallStages } from '../governed-call.ts'
import { createKeptResults, type KeptFor } from './kept-results.ts'
import {
  allowed,
  createTestMcp,
  echoTool,
  serverResult,
  snapshotOf,
  testPrincipal,
  testProfile,
} from '../testing.ts'

let nowMs: number
let versions: { policy: number; catalogue: number; news: number }
let keptFor: KeptFor

beforeEach(() => {
  nowMs = 1000
  versions = { policy: 1, catalogue: 1, news: 0 }
  keptFor = createKeptResults({
    clock: { nowMs: () => nowMs },
    policyVersion: () => versions.policy,
    catalogue: () => ({ version: versions.catalogue }),
    newsOf: () => versions.news,
  })
})

const server = { id: 'srv_1', slug: 'files', labels: [], transport: 'http' } as const

function callOf(method: string, params: string, over: Partial<Call> = {}): Call {
  const body = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`
  const message = parseClientMessage(Buffer.from(body))
  if (message.kind !== 'request') throw new Error('not a request')
  const isTool = method === 'tools/call'
  return {
    id: 'call_1',
    workspaceId: 'ws_1',
    action: isTool ? 'tool.call' : 'resource.read',
    method,
    server,
    item: echoTool,
    name: isTool ? 'echo' : 'note:///one',
    args: {},
    frame: message.frame,
    clientEra: 'modern',
    clientIp: '',
    receivedAtMs: 0,
    ...over,
  }
}
const read = (over: Partial<Call> = {}): Call =>
  callOf('resources/read', '{"uri":"peta.files+note:///one"}', over)
const tool = (args = '{"text":"a"}', over: Partial<Call> = {}): Call =>
  callOf('tools/call', `{"name":"files__echo","arguments":${args}}`, { keepMs: 5000, ...over })

const arm = (call: Call, version = 'v1', claim?: object): ArmedCall => {
  const armed = { clearance: { call, ...(claim && { claim }) }, credentials: { version } }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is looked at of an armed call
  return armed as unknown as ArmedCall
}

const result = (members: object, over: Partial<CallResult> = {}): CallResult => ({
  bytes: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 9, result: members })),
  serverEra: 'modern',
  isError: false,
  ...over,
})
const readable = result({ resultType: 'complete', contents: [], ttlMs: 60_000 })
const said = result({ content: [{ type: 'text', text: 'hi' }] })

const keep = (armed: ArmedCall, answer: CallResult, shown = answer): void =>
  keptFor(armed)?.keep(answer, shown)
const found = (armed: ArmedCall): CallResult | undefined => keptFor(armed)?.found
const textOf = (kept: CallResult | undefined) => JSON.parse(kept?.bytes.toString() ?? '{}')

describe('a read (MCP-120)', () => {
  it('is given again for as long as its server said, and says how long that still is', () => {
    keep(arm(read()), readable)
    nowMs += 20_000
    const again = found(arm(read()))
    expect(textOf(again).result).toEqual({
      resultType: 'complete',
      contents: [],
      ttlMs: 40_000,
      _meta: { 'io.peta/cache': { ageMs: 20_000 } },
    })
    expect(again).toMatchObject({ isKept: true, serverEra: 'modern' })
    nowMs += 40_000
    expect(found(arm(read()))).toBeUndefined()
  })

  it.each<[string, CallResult]>([
    ['without a time', result({ contents: [] })],
    ['of no time', result({ contents: [], ttlMs: 0 })],
    ['of an older server', { ...readable, serverEra: 'legacy' }],
    ['that failed', { ...readable, isError: true }],
    ['that asks something', result({ resultType: 'input_required', ttlMs: 9000 })],
    ['that says it was kept', result({ ttlMs: 9000, _meta: { 'io.peta/cache': {} } })],
    ['that is large', result({ ttlMs: 9000, contents: ['x'.repeat(1024 * 1024)] })],
  ])('%s is not kept', (_, answer) => {
    keep(arm(read()), answer)
    expect(found(arm(read()))).toBeUndefined()
  })

  it('out of which a secret was taken is not kept', () => {
    keep(arm(read()), readable, { ...readable })
    expect(found(arm(read()))).toBeUndefined()
  })

  it.each<[string, () => ArmedCall]>([
    ['with another credential', () => arm(read(), 'v2')],
    ['of another resource', () => arm(read({ name: 'note:///two' }))],
    ['at another server', () => arm(read({ server: { ...server, id: 'srv_2' } }))],
    ['in another workspace', () => arm(read({ workspaceId: 'ws_2' }))],
    ['of a changed definition', () => arm(read({ item: { ...echoTool, pin: 'other' } }))],
    ['that a person approved', () => arm(read(), 'v1', {})],
    ['in a later round', () => arm(read({ round: {} }))],
    ['with a state', () => arm(callOf('resources/read', '{"uri":"x","requestState":"s"}'))],
    ['under other rules', () => (versions.policy++, arm(read()))],
    ['of another catalogue', () => (versions.catalogue++, arm(read()))],
    ['after its server said that something changed', () => (versions.news++, arm(read()))],
  ])('is not given to one %s', (_, other) => {
    keep(arm(read()), readable)
    expect(found(other())).toBeUndefined()
  })

  it('that was on its way when something changed is not kept as if it were new', () => {
    const kept = keptFor(arm(read()))
    versions.news += 1
    kept?.keep(readable, readable)
    expect(found(arm(read()))).toBeUndefined()
  })
})

describe('the result of a tool (MCP-121)', () => {
  it('is given again where an administrator chose so, with its age', () => {
    keep(arm(tool()), said)
    nowMs += 4999
    expect(textOf(found(arm(tool()))).result).toEqual({
      content: [{ type: 'text', text: 'hi' }],
      _meta: { 'io.peta/cache': { ageMs: 4999 } },
    })
    nowMs += 1
    expect(found(arm(tool()))).toBeUndefined()
  })

  it('is neither looked up nor kept where nobody did', () => {
    const { keepMs: _keepMs, ...plain } = tool()
    expect(keptFor(arm(plain))).toBeUndefined()
  })

  it('is given for the very bytes of the arguments and no others', () => {
    keep(arm(tool()), said)
    for (const args of ['{"text":"b"}', '{ "text":"a"}', '{"text":"a","x":1}', '{}']) {
      expect(found(arm(tool(args)))).toBeUndefined()
    }
  })

  it('that is a task, or comes of one, is not kept', () => {
    keep(arm(tool()), result({ resultType: 'task', taskId: 't' }))
    expect(found(arm(tool()))).toBeUndefined()
    const asTask = callOf('tools/call', '{"name":"x","arguments":{},"task":{}}', { keepMs: 1 })
    expect(keptFor(arm(asTask))).toBeUndefined()
  })

  it('is kept within bounds, the newest first', () => {
    for (let at = 0; at < 1001; at += 1) keep(arm(tool(`{"text":"${at}"}`)), said)
    expect(found(arm(tool('{"text":"0"}')))).toBeUndefined()
    expect(found(arm(tool('{"text":"1000"}')))).toBeDefined()
    const large = result({ content: ['x'.repeat(1_000_000)] })
    for (let at = 0; at < 40; at += 1) keep(arm(tool(`{"large":"${at}"}`)), large)
    expect(found(arm(tool('{"text":"1000"}')))).toBeUndefined()
    expect(found(arm(tool('{"large":"39"}')))).toBeDefined()
  })

  it('is otherwise what the server wrote, to the byte (MCP-81)', () => {
    const json = fc.json().filter((text) => !text.includes('"__proto__":'))
    fc.assert(
      fc.property(json, (odd) => {
        const text = `{"jsonrpc":"2.0","id":9,"result":{ "odd":${odd}, "content":[1.0] }}`
        keep(arm(tool()), { ...said, bytes: Buffer.from(text) })
        expect(found(arm(tool()))?.bytes.toString()).toBe(
          text.replace('{ "odd"', '{"_meta":{"io.peta/cache":{"ageMs":0}}, "odd"'),
        )
      }),
    )
  })
})

it('only tools that an administrator labelled as reads can be chosen (MCP-121)', async () => {
  const overrides = [{ tool: 'files/echo', pinned: {}, keepSeconds: 5 }]
  const seen: (number | undefined)[] = []
  for (const [labels, revision] of [
    [['read'], 1],
    [[], 2],
    [['read', 'write'], 3],
  ] as const) {
    const mcp = createTestMcp(
      { catalogue: () => snapshotOf([{ ...echoTool, labels: [...labels] }]), narrow },
      async ({ keepMs }) => {
        seen.push(keepMs)
        return serverResult({ content: [] })
      },
    )
    const params = { name: 'echo', arguments: { text: 'hi' } }
    await mcp.ask('tools/call', params, { profile: { ...testProfile, overrides, revision } })
  }
  expect(seen).toEqual([5000, undefined, undefined])
})

it('what was kept goes through the governed call, and nothing is sent (MCP-2, MCP-120)', async () => {
  const steps: string[] = []
  const keptCall = arm(read())
  keep(keptCall, readable)
  const stages: Partial<CallStages> = {
    decide: () => (steps.push('decide'), allowed),
    record: (_intent, work) => (steps.push('record'), work()),
    clear: async () => (steps.push('clear'), keptCall.clearance),
    settle: (_clearance, work) => work(),
    inject: async () => (steps.push('inject'), keptCall),
    keptFor,
    run: () => Promise.reject(new Error('sent')),
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no other stage is reached
  const governedCall = createGovernedCall(stages as CallStages)
  const { signal } = new AbortController()
  const outcome = await governedCall(testPrincipal, read(), { notify() {} }, signal)
  expect(outcome).toMatchObject({ state: 'done', result: { isKept: true } })
  expect(steps).toEqual(['decide', 'record', 'clear', 'inject'])
})
