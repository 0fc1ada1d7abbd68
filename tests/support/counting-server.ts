import { sendJson, startHttpServer, type HttpTestServer } from './http-server.ts'

/** An MCP server whose only effect is that it counts, by the argument `key`. */
export type CountingServer = AsyncDisposable &
  Readonly<{ url: string; effectsOf: (key: string) => number; total: () => number }>

export const countingTools = { read: 'read_note', write: 'write_note' } as const

const schema = { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] }
const tools = Object.values(countingTools).map((name) => ({ name, inputSchema: schema }))

/**
 * `work` happens between an effect and its answer, so that a caller that is killed may be killed in between. It runs
 * in this process, which outlives every Core that is tested.
 */
export async function startCountingServer(work: () => Promise<unknown>): Promise<CountingServer> {
  const effects = new Map<string, number>()
  const server: HttpTestServer = await startHttpServer(
    ({ message: { id, method, params } }, response) => {
      const answer = (result: object): void =>
        sendJson(response, 200, {
          jsonrpc: '2.0',
          id,
          result: { resultType: 'complete', ...result },
        })
      if (method === 'server/discover') {
        return answer({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } })
      }
      if (method === 'tools/list') return answer({ tools })
      const key = keyOf(params)
      if (params?.['name'] === countingTools.write) effects.set(key, (effects.get(key) ?? 0) + 1)
      void work().then(() => answer({ content: [{ type: 'text', text: key }] }))
    },
  )
  return {
    url: server.url,
    effectsOf: (key) => effects.get(key) ?? 0,
    total: () => [...effects.values()].reduce((sum, count) => sum + count, 0),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function keyOf(params: Readonly<Record<string, unknown>> | undefined): string {
  const args = params?.['arguments']
  const key = typeof args === 'object' && args !== null && 'key' in args ? args.key : undefined
  return typeof key === 'string' ? key : ''
}
