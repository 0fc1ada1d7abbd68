// A server of the revision of 2025-11-25 whose tools can only be run as tasks, by the official library.
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'

const WORK_MS = 300
const tasks = { list: {}, cancel: {}, requests: { tools: { call: {} } } }
const server = new McpServer(
  { name: 'legacy-tasks', version: '1' },
  { capabilities: { tasks }, taskStore: new InMemoryTaskStore() },
)

server.experimental.tasks.registerToolTask(
  'count',
  { description: 'Counts for a while', execution: { taskSupport: 'required' } },
  {
    async createTask({ taskStore }) {
      const task = await taskStore.createTask({ ttl: 60_000, pollInterval: 100 })
      const content = [{ type: 'text', text: 'counted' }]
      setTimeout(() => taskStore.storeTaskResult(task.taskId, 'completed', { content }), WORK_MS)
      return { task }
    },
    getTask: ({ taskId, taskStore }) => taskStore.getTask(taskId),
    getTaskResult: ({ taskId, taskStore }) => taskStore.getTaskResult(taskId),
  },
)

await server.connect(new StdioServerTransport())
