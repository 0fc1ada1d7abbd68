import { sendJson, startHttpServer } from './http-server.ts'

type Params = Readonly<Record<string, unknown>>

/** A modern server that makes a task of every call: of `count`, done after some polls; of `ask`, after an answer. */
export type TaskServer = AsyncDisposable &
  Readonly<{
    url: string
    /** Methods it was asked, in order, with the task they were about. */
    asked: () => readonly (readonly [method: string, taskId: unknown])[]
    /** Of the latest call: what its client declared. */
    declared: () => unknown
  }>

const POLLS = 3
const QUESTION = {
  method: 'elicitation/create',
  params: { message: 'Who?', requestedSchema: { type: 'object', properties: {} } },
}
const tools = ['count', 'ask', 'fail'].map((name) => ({ name, inputSchema: { type: 'object' } }))

export async function startTaskServer(): Promise<TaskServer> {
  const asked: (readonly [string, unknown])[] = []
  const tasks = new Map<string, { name: unknown; polls: number; answer?: unknown }>()
  let declared: unknown
  let calls = 0

  function detailsOf(taskId: string): object {
    const task = tasks.get(taskId)
    if (!task) return { taskId, status: 'cancelled' }
    task.polls += 1
    const standing = { taskId, createdAt: NOW, lastUpdatedAt: NOW, ttlMs: null, pollIntervalMs: 1 }
    if (task.name === 'ask' && task.answer === undefined) {
      return { ...standing, status: 'input_required', inputRequests: { 'their key': QUESTION } }
    }
    if (task.polls < POLLS) return { ...standing, status: 'working' }
    if (task.name === 'fail') {
      return { ...standing, status: 'failed', error: { code: -32_000, message: 'no such luck' } }
    }
    const text = JSON.stringify(task.answer ?? task.polls)
    const result = { resultType: 'complete', content: [{ type: 'text', text }], odd: 1.5 }
    return { ...standing, status: 'completed', result }
  }

  function answer(method: string, params: Params): object {
    const taskId = String(params['taskId'])
    if (method === 'server/discover') {
      return { supportedVersions: ['2026-07-28'], capabilities: { tools: {}, extensions: {} } }
    }
    if (method === 'tools/list') return { tools }
    asked.push([method, params['taskId']])
    if (method === 'tools/call') {
      declared = Object(params['_meta'])['io.modelcontextprotocol/clientCapabilities']
      const id = `remote-${(calls += 1)}`
      tasks.set(id, { name: params['name'], polls: 0 })
      return { ...detailsOf(id), status: 'working', resultType: 'task' }
    }
    if (method === 'tasks/get') return detailsOf(taskId)
    const task = tasks.get(taskId)
    if (method === 'tasks/update' && task) task.answer = params['inputResponses']
    if (method === 'tasks/cancel') tasks.delete(taskId)
    return {}
  }

  const server = await startHttpServer(({ message: { id, method = '', params = {} } }, response) =>
    sendJson(response, 200, {
      jsonrpc: '2.0',
      id,
      result: { resultType: 'complete', ...answer(method, params) },
    }),
  )
  return {
    url: server.url,
    asked: () => asked,
    declared: () => declared,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const NOW = '2026-07-28T00:00:00Z'
