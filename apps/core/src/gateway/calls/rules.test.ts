import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ExactNumber, isExactInDouble } from '../../ground/exact-number.ts'
import type { Call } from '../../model/call.ts'
import type { ArmedCall } from '../../model/clearance.ts'
import type { CatalogueItem } from '../../model/server.ts'
import { createDecisionCache } from '../../policy/decision-cache.ts'
import { decide } from '../../policy/decide.ts'
import { isListed } from '../../policy/list.ts'
import { createReadsArguments } from '../../policy/reads-arguments.ts'
import type { Rule } from '../../policy/rule.ts'
import { ana, policyOf, rule } from '../../policy/testing.ts'
import { encodeRequest } from '../../protocol/encode-request.ts'
import { createClear } from '../clear.ts'
import { createGovernedCall } from '../governed-call.ts'
import type { McpReply } from '../outcome.ts'
import { createTestMcp, modernMeta, snapshotOf, testItem } from '../testing.ts'

const text = { type: 'string' }
const number = { type: 'number' }

const pay = testItem('tool', {
  name: 'pay',
  inputSchema: {
    type: 'object',
    properties: { amount: number, memo: text, to: { properties: { name: text } } },
  },
})
const openPay = testItem('tool', {
  name: 'open',
  inputSchema: { type: 'object', properties: { amount: number }, additionalProperties: true },
})
const anyJson = testItem('tool', { name: 'any', inputSchema: { type: 'object' } })
const files = testItem('resource_template', { uriTemplate: 'File:///{+path}', name: 'Files' })
const web = testItem('resource_template', {
  uriTemplate: 'https://Docs.Example/{+path}',
  name: 'W',
})
const ITEMS = [pay, openPay, anyJson, files, web]

type Sent = Readonly<{ method: string; params: object; headers?: Record<string, string> }>

/** The gateway and the rules, joined as Core joins them, before a server that answers anything. */
function join(rules: readonly Rule[], items: readonly CatalogueItem[] = ITEMS) {
  const policy = policyOf(rules)
  const [cache, facts] = [createDecisionCache(), { nowMs: 0 }]
  const steps: string[] = []
  const decided: Call[] = []
  const sent: Call[] = []
  const governedCall = createGovernedCall({
    decide(principal, call) {
      steps.push('decide')
      decided.push(call)
      return decide(policy, { principal, call, facts }, cache)
    },
    record: (_intent, work) => work(),
    clear: createClear(() => Promise.reject(new Error('nobody is asked here'))),
    spend: () => undefined,
    settle: (_clearance, work) => work(),
    keptFor: () => undefined,
    async inject(clearance) {
      steps.push('inject')
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the vault can make one
      return { clearance } as ArmedCall
    },
    async run({ clearance }) {
      steps.push('run')
      sent.push(clearance.call)
      const bytes = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"content":[],"contents":[]}}')
      return { bytes, serverEra: 'legacy', isError: false }
    },
    redact: { result: (_armed, result) => result, outlet: (_armed, outlet) => outlet },
  })
  const readsArguments = createReadsArguments(policy)
  const snapshot = snapshotOf(items)
  const mcp = createTestMcp({
    catalogue: () => snapshot,
    isListed: (principal, server, item) => isListed(policy, { principal, server, item, facts }),
    readsArguments: (_workspaceId, server, item) => readsArguments(server, item),
    governedCall,
  })
  const ask = async ({ method, params, headers = {} }: Sent) =>
    read(await mcp.ask(method, params, { principal: ana, headers }))
  return {
    steps,
    decided,
    sent,
    callTool: (name: string, args: unknown) =>
      ask({ method: 'tools/call', params: { name: `files__${name}`, arguments: args } }),
    readUri: (uri: string) => ask({ method: 'resources/read', params: { uri } }),
    /** A body as somebody wrote it, byte for byte. */
    post: async (body: string | Buffer) => {
      const headers = {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'files__any',
        accept: 'application/json, text/event-stream',
      }
      const request = {
        principal: ana,
        body: Buffer.from(body),
        headers,
        clientIp: '',
        viewer: () => undefined,
      }
      return read(await mcp.handle(request, { notify() {} }, new AbortController().signal))
    },
  }
}

const read = (reply: McpReply) => JSON.parse(reply.body?.toString() ?? '{}')

const ALLOW = rule({
  scope: { actions: ['tool.call', 'resource.read', 'prompt.get'], principals: ['any'] },
})
const denyLarge = rule({
  effect: 'deny',
  when: 'has(args.amount) && args.amount > 1000.0',
  scope: { resources: ['tool:files/pay', 'tool:files/open'] },
})

describe('names of arguments that a restriction reads (POL-15)', () => {
  it.each([
    ['another case', 'pay', { Amount: 5000 }],
    ['another case of an open schema', 'open', { AMOUNT: 5000 }],
    ['an undeclared name', 'pay', { amount: 1, amount_cents: 500_000 }],
    ['an undeclared name further in', 'pay', { amount: 1, to: { iban: 'x' } }],
  ])('are refused before policy when they are %s', async (_what, name, args) => {
    const { callTool, decided } = join([ALLOW, denyLarge])
    expect((await callTool(name, args)).error.code).toBe(-32_602)
    expect(decided).toEqual([])
  })

  it.each([
    ['declared', 'pay', { amount: 1, to: { name: 'x' } }],
    ['of any name where the schema says so', 'open', { amount: 1, more: 1 }],
  ])('are taken when they are %s', async (_what, name, args) => {
    const { callTool, sent } = join([ALLOW, denyLarge])
    expect((await callTool(name, args)).error).toBeUndefined()
    expect(sent.map((call) => call.args)).toEqual([args])
  })

  it('are nobody’s business where no restriction reads them', async () => {
    const shadow = { ...denyLarge, mode: 'shadow' as const }
    for (const rules of [[ALLOW], [ALLOW, shadow]]) {
      const { callTool, sent } = join(rules)
      expect((await callTool('pay', { Amount: 5000 })).error).toBeUndefined()
      expect(sent).toHaveLength(1)
    }
  })

  it('of the declared case are judged', async () => {
    const { callTool, sent } = join([ALLOW, denyLarge])
    expect((await callTool('pay', { amount: 5000 })).result.isError).toBe(true)
    expect(sent).toEqual([])
  })
})

describe('arguments that readers disagree on (POL-13)', () => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  const body = (args: string, more = '') =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"files__any","arguments":${args}${more},"_meta":${JSON.stringify(modernMeta)}}}`

  // What is wrong with the frame is said of the frame (MCP-90); both codes come before any decision.
  it.each([
    ['a duplicate key', body('{"a":1,"a":2}'), -32_600],
    ['a duplicate key in another spelling', body(String.raw`{"a":1,"\u0061":2}`), -32_600],
    ['arguments twice', body('{"a":1}', ',"arguments":{"a":2}'), -32_600],
    ['a lone surrogate', body(String.raw`{"a":"\ud800"}`), -32_600],
    ['65 levels', body(`{"a":${nested(64)}}`), -32_600],
    ['what the accepted schema forbids', body('[]'), -32_602],
  ])('never reach policy: %s', async (_what, sent, code) => {
    const { post, decided } = join([ALLOW])
    expect((await post(sent)).error.code).toBe(code)
    expect(decided).toEqual([])
  })

  it('are the same that policy sees when there is nothing to disagree on', async () => {
    const { post, decided } = join([ALLOW])
    expect((await post(body(`{"a":${nested(40)},"b":9007199254740991}`))).error).toBeUndefined()
    expect(decided).toHaveLength(1)
  })
})

const exactly = (_name: string, value: unknown, context?: { source?: string }): unknown =>
  typeof value === 'number' && context?.source !== undefined && !isExactInDouble(context.source)
    ? new ExactNumber(context.source)
    : value

/** Numbers that no double holds as their text, which can be compared. */
function withTexts(value: unknown): unknown {
  if (value instanceof ExactNumber) return { exact: String(value) }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withTexts)
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withTexts(one)]))
}

// What is judged and what is sent are two things only where somebody can tell them apart.
it('sends exactly the arguments that it judged, in the bytes that came (POL-14, MCP-80)', async () => {
  const { post, decided } = join([ALLOW])
  const spaced = fc
    .tuple(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), fc.nat({ max: 3 }))
    .map(([value, indent]) => JSON.stringify(value, null, indent))
  await fc.assert(
    fc.asyncProperty(spaced, async (args) => {
      const from = decided.length
      await post(
        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":${JSON.stringify(modernMeta)},"arguments": ${args} ,"name":"files__any"}}`,
      )
      const [call] = decided.slice(from)
      // Some are refused before, which sends nothing.
      fc.pre(call !== undefined)
      const bytes =
        call && encodeRequest({ frame: call.frame, era: 'modern', hopId: 7, name: 'any' })
      expect(bytes?.toString()).toContain(`"arguments": ${args} ,`)
      const sent = JSON.parse(bytes?.toString() ?? '', exactly).params.arguments
      expect(withTexts(sent)).toEqual(withTexts(call?.args))
    }),
    { numRuns: 200 },
  )
})

describe('resource URIs (POL-16)', () => {
  const denied = rule({
    effect: 'deny',
    scope: {
      actions: ['resource.read'],
      resources: ['resource:files/file:///etc/**', 'resource:files/https://docs.example/secret/*'],
    },
  })

  it.each([
    ['plainly', 'File:///etc/passwd'],
    ['with an encoded letter', 'File:///%65tc/passwd'],
    ['with all letters encoded', 'File:///%65%74%63/passwd'],
    ['with another case of the host', 'https://Docs.Example/secret/a'],
    ['with an encoded dash', 'https://Docs.Example/secret/a%2Db'],
  ])('are denied in every spelling: %s', async (_what, uri) => {
    const { readUri, decided, sent } = join([ALLOW, denied])
    expect((await readUri(uri)).error.code).toBe(4030)
    expect(decided).toHaveLength(1)
    expect(sent).toEqual([])
  })

  it.each([
    ['dot segments', 'File:///srv/../etc/passwd'],
    ['encoded dot segments', 'File:///srv/%2e%2e/etc/passwd'],
    ['dot segments encoded twice', 'File:///srv/%252e%252e/etc/passwd'],
    ['a slash encoded twice before dot segments', 'File:///srv%252f..%252fetc/passwd'],
    ['a backslash', 'File:///srv/..%5cetc/passwd'],
  ])('that take a detour are refused before policy: %s', async (_what, uri) => {
    const { readUri, decided } = join([ALLOW, denied])
    expect((await readUri(uri)).error.code).toBe(-32_602)
    expect(decided).toEqual([])
  })

  it('of which the case counts are not taken for one another', async () => {
    const { readUri, sent } = join([ALLOW, denied])
    expect((await readUri('File:///ETC/passwd')).error).toBeUndefined()
    expect(sent).toMatchObject([{ uri: 'file:///ETC/passwd', name: 'File:///ETC/passwd' }])
  })
})

describe('the order of a call', () => {
  it('is to decide, then to look for secrets, then to send (POL-17)', async () => {
    const { callTool, steps } = join([ALLOW])
    await callTool('pay', { memo: 'secret:stripe-key' })
    expect(steps).toEqual(['decide', 'inject', 'run'])
  })

  it('ends with the decision where that is no (POL-17)', async () => {
    const { callTool, steps } = join([ALLOW, denyLarge])
    await callTool('pay', { amount: 5000 })
    expect(steps).toEqual(['decide'])
  })
})

describe('what an agent learns (POL-36, POL-59)', () => {
  const secretive = rule({
    id: 'only-on-fridays',
    effect: 'deny',
    scope: { resources: ['tool:files/pay'] },
  })

  it('of a hidden tool is what it learns of one that does not exist', async () => {
    const { callTool, decided } = join([ALLOW, secretive])
    const hidden = await callTool('pay', { amount: 1 })
    expect(hidden).toEqual(await callTool('none', { amount: 1 }))
    expect(hidden.error.code).toBe(-32_602)
    expect(decided).toEqual([])
  })

  it('of a denied call is a reference, and neither rule nor threshold', async () => {
    const { callTool } = join([ALLOW, { ...denyLarge, id: 'only-on-fridays' }])
    const { result } = await callTool('pay', { amount: 5000 })
    expect(result.content[0].text).toMatch(/^Denied by policy \(ref DEC-[0-9A-Z]+\)\. Do not retry/)
    expect(result._meta['io.peta/decision']).toEqual({ ref: expect.any(String), kind: 'denied' })
    expect(JSON.stringify(result)).not.toMatch(/only-on-fridays|1000|finance/)
  })
})
