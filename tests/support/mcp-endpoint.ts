import { startTestCore, type TestCore } from './core.ts'
import { installServer } from './everything-runs.ts'
import { initialize, type ModernRequest } from './modern-message.ts'
import { becomeOwner, type Owner, issueToken, publishRules } from './owner.ts'
import { rawRequest, type RawReply, type RawRequest } from './raw-post.ts'

const SERVER = new URL('stdio-server.mjs', import.meta.url).pathname
const RULES = `
rules:
  - id: everything-runs
    scope: { principals: [any], actions: [tool.call, client.elicit], resources: [any] }
    effect: allow
  - id: not-from-here
    scope: { principals: [any], actions: [tool.call], resources: ["tool:test/fail"] }
    when: 'ip == "127.0.0.1"'
    effect: deny
  - id: never
    scope: { principals: [any], actions: [tool.call], resources: ["tool:test/exit"] }
    effect: deny
`

type Headers = NonNullable<RawRequest['headers']>

/** The MCP endpoint of a real Core, spoken to by HTTP alone. Behind it is one scriptable server, `test`. */
export type McpEndpoint = AsyncDisposable &
  Readonly<{
    core: TestCore
    owner: Owner
    token: string
    /** What a client sends, but for the headers that are given, or taken away by undefined. */
    send: (message: unknown, headers?: Headers, method?: string) => Promise<RawReply>
    /** The same in a session of the older era. */
    sendInSession: (message: unknown, headers?: Headers) => Promise<RawReply>
    /** The same with the headers that say what a modern body says. */
    sendModern: (message: ModernRequest, headers?: Headers) => Promise<RawReply>
    session: string
  }>

export async function openMcpEndpoint(): Promise<McpEndpoint> {
  const core = await startTestCore()
  const owner = await becomeOwner(core)
  const token = await setUp(owner)

  const send: McpEndpoint['send'] = (message, headers = {}, method = 'POST') => {
    const isText = typeof message === 'string' || Buffer.isBuffer(message)
    return rawRequest(`${core.url}/mcp`, {
      method,
      ...(message !== undefined && { body: isText ? message : JSON.stringify(message) }),
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
    })
  }
  const session = String((await send(initialize(1))).headers['mcp-session-id'])
  const inSession = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }
  return {
    core,
    owner,
    token,
    session,
    send,
    sendInSession: (message, headers) => send(message, { ...inSession, ...headers }),
    sendModern: (message, headers) => send(message, { ...modernHeaders(message), ...headers }),
    [Symbol.asyncDispose]: () => core[Symbol.asyncDispose](),
  }
}

function modernHeaders({ method, params }: ModernRequest): Headers {
  const name = params['name'] ?? params['uri']
  return {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(typeof name === 'string' && { 'mcp-name': name }),
  }
}

/** Resolves with the token of an agent. */
async function setUp(owner: Owner): Promise<string> {
  const launch = { kind: 'stdio' as const, command: process.execPath, args: [SERVER] }
  await installServer(owner, 'test', launch)
  await publishRules(owner, RULES)
  return issueToken(owner)
}
