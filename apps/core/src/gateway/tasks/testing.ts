import { z } from 'zod'

import type { Timers } from '../../ground/timers.ts'
import type { McpDeps } from '../mcp.ts'
import type { McpReply } from '../outcome.ts'
import {
  createTestMcp,
  createTestRecords,
  modernMeta,
  type AskOptions,
  type Script,
  type TestMcp,
} from '../testing.ts'

/** What the tests of tasks have in common: clients that declare them, and a server that takes its time. */

const withTasks = (capabilities: object = {}) => ({
  ...modernMeta,
  'io.modelcontextprotocol/clientCapabilities': {
    ...capabilities,
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  },
})
export const meta = withTasks()
export const askable = withTasks({ elicitation: { form: {} } })
export const echo = { name: 'files__echo', arguments: { text: 'hi' } }

/** Timers that ring when the test says so. */
function handTimers(): Pick<Timers, 'after' | 'every'> & Readonly<{ ring: () => void }> {
  const waiting = new Set<() => void>()
  const add = (run: () => void): Disposable => {
    waiting.add(run)
    return { [Symbol.dispose]: () => void waiting.delete(run) }
  }
  return {
    after: (_ms, run) => add(run),
    every: () => ({ [Symbol.dispose]() {} }),
    ring() {
      for (const run of waiting) run()
    },
  }
}

const Body = z.object({
  result: z
    .looseObject({
      resultType: z.string(),
      taskId: z.string().default(''),
      status: z.string().default(''),
    })
    .optional(),
  error: z.looseObject({ code: z.number() }).optional(),
})
export const readReply = ({ body }: McpReply) => Body.parse(JSON.parse(String(body)))
export const resultOf = (reply: McpReply) => {
  const { result } = readReply(reply)
  if (!result) throw new Error(`no result but ${String(reply.body)}`)
  return result
}

/** A server that answers when the test says so. */
export function slowServer(overrides: Partial<McpDeps> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<Script>>>()
  const signals: AbortSignal[] = []
  const timers = handTimers()
  const records = createTestRecords()
  const mcp = createTestMcp({ timers, records, ...overrides }, (_call, _outlet, signal) => {
    signals.push(signal)
    return promise
  })
  return { mcp, timers, records, signals, answer: resolve, fail: reject }
}

type Slow = ReturnType<typeof slowServer>

/** The task that a call becomes once it took too long. */
export async function taskOf({ mcp, timers }: Slow, options: AskOptions = {}): Promise<string> {
  const asked = mcp.ask('tools/call', echo, { meta, ...options })
  timers.ring()
  return resultOf(await asked).taskId
}

export const get = (mcp: TestMcp, taskId: string, options: AskOptions = {}): Promise<McpReply> =>
  mcp.ask('tasks/get', { taskId }, { meta, ...options })

export async function until(mcp: TestMcp, taskId: string, status: string) {
  for (;;) {
    const result = resultOf(await get(mcp, taskId))
    if (result.status === status) return result
  }
}

export const status = {
  approvalId: 'apr_1',
  state: 'PENDING',
  expiresAtMs: 14 * 60_000 - 1,
  retryAfterMs: 0,
  leftMs: 14 * 60_000 - 1,
} as const
