import type { Frame } from '../../model/frame.ts'
import { metaKeys } from '../meta-keys.ts'

/** Calls that outlast their request, as an extension (MCP-134). */
const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks'

/** What a client has to declare, as it stands in its capabilities. */
export const tasksCapability = { extensions: { [TASKS_EXTENSION]: {} } }

/** Whether this request says that its client takes a task for an answer; what it said before does not count. */
export function declaresTasks({ params }: Frame): boolean {
  const capabilities = member(params['_meta'], metaKeys.clientCapabilities)
  return isObject(member(member(capabilities, 'extensions'), TASKS_EXTENSION))
}

function member(object: unknown, name: string): unknown {
  return isObject(object) && Object.hasOwn(object, name) ? object[name] : undefined
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
