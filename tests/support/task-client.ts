import { setTimeout as pause } from 'node:timers/promises'

import { z } from 'zod'

import { connectWire, type WireMessage } from './wire-client.ts'

const Task = z.looseObject({
  taskId: z.string(),
  status: z.enum(['working', 'input_required', 'completed', 'failed', 'cancelled']),
  statusMessage: z.string().optional(),
  inputRequests: z.record(z.string(), z.unknown()).optional(),
  result: z
    .looseObject({
      isError: z.boolean().default(false),
      content: z.array(z.object({ text: z.string() })).default([]),
    })
    .optional(),
})
export type ClientTask = Readonly<z.infer<typeof Task>>

/** A client of the latest revision that takes tasks for answers. No library has one yet. */
export type TaskClient = Readonly<{
  request: (method: string, params: Record<string, unknown>) => Promise<WireMessage>
  /** A call that becomes a task at once. */
  begin: (name: string, args: Record<string, unknown>) => Promise<ClientTask>
  get: (taskId: string) => Promise<ClientTask>
  /** Resolves when the task stands so. */
  until: (taskId: string, status: ClientTask['status']) => Promise<ClientTask>
}>

const CAPABILITIES = {
  elicitation: { form: {} },
  extensions: { 'io.modelcontextprotocol/tasks': {} },
}
const POLL_MS = 25

export async function connectTaskClient(
  url: string,
  token: string,
  capabilities: Readonly<Record<string, unknown>> = CAPABILITIES,
): Promise<TaskClient> {
  const client = await connectWire({
    url: `${url}/mcp`,
    token,
    revision: '2026-07-28',
    capabilities,
  })
  const { request } = client
  const taskIn = ({ result }: WireMessage): ClientTask => Task.parse(result)

  async function get(taskId: string): Promise<ClientTask> {
    return taskIn(await request('tasks/get', { taskId }))
  }

  return {
    request,
    begin: async (name, args) => taskIn(await request('tools/call', { name, arguments: args })),
    get,
    async until(taskId, status) {
      for (;;) {
        const task = await get(taskId)
        if (task.status === status) return task
        await pause(POLL_MS)
      }
    },
  }
}
