import type { Revision } from '../support/wire-client.ts'

type Json = Readonly<Record<string, unknown>>
type Asked = Readonly<{ method?: string | undefined; params?: Json | undefined }>

/** What a server of one revision has to do with tasks: a tool that is run as one, or nothing. */
export type Tasks = Readonly<{
  tools: readonly Json[]
  /** What the server says of itself because of it. */
  capabilities: Json
  /** Undefined for what is no matter of a task. */
  answer: (asked: Asked) => Json | undefined
}>

const NAME = 'task'
const AT = '2026-07-28T00:00:00Z'
const told = { content: [{ type: 'text', text: NAME }] }
const dated = { taskId: 'theirs', createdAt: AT, lastUpdatedAt: AT }
const tool = { name: NAME, inputSchema: { type: 'object' } }

const answering =
  (answers: Readonly<Record<string, Json>>): Tasks['answer'] =>
  ({ method = '', params }) =>
    method !== 'tools/call' || params?.['name'] === NAME ? answers[method] : undefined

const NONE: Tasks = { tools: [], capabilities: {}, answer: () => undefined }

/** With 2025-11-25 the client asks for a task, later the server decides. */
export const tasksOf: Readonly<Record<Revision, Tasks>> = {
  '2024-11-05': NONE,
  '2025-03-26': NONE,
  '2025-06-18': NONE,
  '2025-11-25': {
    tools: [{ ...tool, execution: { taskSupport: 'required' } }],
    capabilities: { tasks: { requests: { tools: { call: {} } } } },
    answer: answering({
      'tools/call': { task: { ...dated, status: 'working', ttl: 60_000, pollInterval: 1 } },
      'tasks/get': { ...dated, status: 'completed', ttl: 60_000, pollInterval: 1 },
      'tasks/result': told,
    }),
  },
  '2026-07-28': {
    tools: [tool],
    capabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } },
    answer: answering({
      'tools/call': {
        ...dated,
        resultType: 'task',
        status: 'working',
        ttlMs: null,
        pollIntervalMs: 1,
      },
      'tasks/get': {
        ...dated,
        status: 'completed',
        ttlMs: null,
        pollIntervalMs: 1,
        result: { resultType: 'complete', ...told },
      },
    }),
  },
}
