import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { badReplies } from '../support/bad-replies.ts'
import { installServer } from '../support/everything-runs.ts'
import { expectRpcError } from '../support/expect-rpc-error.ts'
import {
  type HttpTestServer,
  legacyReply,
  modernReply,
  type SeenRequest,
  startHttpServer,
} from '../support/http-server.ts'
import { type McpEndpoint, openMcpEndpoint } from '../support/mcp-endpoint.ts'
import { modernRequest } from '../support/modern-message.ts'
import { issueToken } from '../support/owner.ts'
import type { RawReply } from '../support/raw-post.ts'

const eras = { modern: modernReply, legacy: legacyReply } as const

/** What the caller is told of each way to misbehave (MCP-59, MCP-150, MCP-151). */
const told = {
  'that it is no MCP': [
    'html',
    'garbage',
    'a number',
    'nothing',
    'no type',
    'a result that is no object',
    'a member twice',
    'a control character',
  ],
  'that it may have run': [
    'an error page',
    'a redirect',
    'half a frame',
    'half an event',
    'events that are none',
    "another's answer",
  ],
  'that the result is too large': ['too much', 'an event without end'],
  'the first answer': ['two answers', 'a notice after the answer'],
} as const

const texts = {
  'that it may have run': /It may have run/,
  'that the result is too large': /The result is too large/,
} as const

let mcp: McpEndpoint
/** Of another agent. */
let neighbour: Readonly<Record<string, string>>

beforeAll(async () => {
  mcp = await openMcpEndpoint()
  const token = await issueToken(mcp.owner, 'neighbour')
  neighbour = { authorization: `Bearer ${token}` }
})

afterAll(() => mcp?.[Symbol.asyncDispose]())

const call = (name: string, args: object, headers = {}): Promise<RawReply> =>
  mcp.sendModern(modernRequest(7, 'tools/call', { name, arguments: args }), headers)

const toolResult = (text: unknown, isError: boolean) => ({
  id: 7,
  result: { content: [{ type: 'text', text }], ...(isError && { isError }) },
})

const answers = (text: string) => toolResult(text, false)

describe.each(['modern', 'legacy'] as const)('a %s server over HTTP that answers with', (era) => {
  let server: HttpTestServer
  const tool = `${era}__echo`

  beforeAll(async () => {
    server = await startHttpServer(
      eras[era]((request, response) => badReplies[howOf(request)]?.(request, response)),
    )
    await installServer(mcp.owner, era, { kind: 'http', url: server.url, allowLoopback: true })
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  /** A neighbour's call to the same server, and to another, goes on at the same time as if nothing were wrong. */
  async function callBeside(how: string): Promise<RawReply> {
    // Failures in a row would make Peta ask nothing of the server for a while.
    await call(tool, { how: 'fine' })
    const [reply, same, other] = await Promise.all([
      call(tool, { how }),
      call(tool, { how: 'fine' }, neighbour),
      call('test__echo', { message: 'hi' }, neighbour),
    ])
    expect(same.json()).toMatchObject(answers('fine'))
    expect(other.json()).toMatchObject(answers('hi'))
    expect(reply.text).not.toContain('theirs')
    return reply
  }

  it.each(told['that it is no MCP'])('%s is an error, and nothing of it is shown', async (how) => {
    expectRpcError(await callBeside(how), { status: 502, code: -32_603, id: 7 })
  })

  it.each(
    (['that it may have run', 'that the result is too large'] as const).flatMap((what) =>
      told[what].map((how) => ({ how, what })),
    ),
  )('$how tells the caller $what', async ({ how, what }) => {
    const reply = await callBeside(how)
    expect(reply).toMatchObject({ status: 200 })
    expect(reply.json()).toMatchObject(toolResult(expect.stringMatching(texts[what]), true))
  })

  it.each(told['the first answer'])('%s is answered once, and no more (MCP-153)', async (how) => {
    const { text } = await callBeside(how)
    expect(text).toContain('first')
    expect(text).not.toContain('second')
    expect(text).not.toContain('"number":2')
    expect(text.trimEnd().split('\n').at(-1)).toContain('"id":7')
  })

  it('nothing at all is cancelled by the client, and keeps nobody else (MCP-131)', async () => {
    const hanging = new AbortController()
    const request = modernRequest(7, 'tools/call', { name: tool, arguments: { how: 'silence' } })
    const waiting = fetch(`${mcp.core.url}/mcp`, {
      method: 'POST',
      signal: hanging.signal,
      headers: {
        authorization: `Bearer ${mcp.token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': tool,
      },
      body: JSON.stringify(request),
    })
    await expect.poll(() => server.seen.some((one) => howOf(one) === 'silence')).toBe(true)
    await callBeside('fine')
    hanging.abort()
    await expect(waiting).rejects.toThrow(/abort/i)
    await callBeside('fine')
  })
})

describe('a server on pipes that', () => {
  it.each([
    ['prints what is no message', 'garbage', { lines: 20 }, answers('done')],
    ['answers twice, and calls that nobody made', 'twice', {}, answers('once')],
    ['never ends its line', 'huge_line', { bytes: 100 * 1024 * 1024 }, mayHaveRun()],
    ['dies in the middle', 'mark_and_die', { file: '/dev/null' }, mayHaveRun()],
  ])('%s is started anew when it has to be', async (_, tool, args, expected) => {
    const reply = await call(`test__${tool}`, args)
    expect(reply.json()).toMatchObject(expected)
    const echo = async () => (await call('test__echo', { message: 'hi' }, neighbour)).json()
    await expect.poll(echo, { timeout: 20_000 }).toMatchObject(answers('hi'))
  })
})

it('a list without end is cut, and the lists of others are not kept by it (MCP-115)', async () => {
  await using server = await startHttpServer((request, response) => {
    const page = { tools: [], nextCursor: 'again', resultType: 'complete' }
    const { id, method } = request.message
    if (method !== 'tools/list') return modernReply()(request, response)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: page }))
  })
  const { peta, workspace } = mcp.owner
  const body = {
    slug: 'endless',
    launch: { kind: 'http' as const, url: server.url, allowLoopback: true as const },
  }
  await peta.call('servers.install', { params: { workspace }, body }).catch(() => undefined)
  expect(server.seen.length).toBeLessThan(20)
  const listed = await mcp.sendModern(modernRequest(7, 'tools/list'))
  expect(listed.text).toContain('test__echo')
})

function mayHaveRun() {
  return toolResult(expect.stringMatching(/may have run|too large/), true)
}

function howOf({ message }: SeenRequest): string {
  const args = message.params?.['arguments']
  return typeof args === 'object' && args !== null && 'how' in args ? String(args.how) : ''
}
