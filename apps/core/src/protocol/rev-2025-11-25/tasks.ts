import type { Frame, Span } from '../../model/frame.ts'
import { parseClientMessage } from '../frame.ts'
import { readMembers } from '../members.ts'
import { removeMembers } from '../remove-members.ts'
import { splice } from '../splice.ts'

/** The only one of the older revisions that has tasks: clients ask for them, and fetch their results (MCP-138). */
export const TASKS_VERSION = '2025-11-25'

/** What Peta offers to clients of that revision. */
export const tasksCapability = {
  tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
}

const RELATED_TASK = 'io.modelcontextprotocol/related-task'

/** A client that wants a task for an answer, and how long it wants it kept; undefined for one that does not. */
export function wantedTask({ params }: Frame): Readonly<{ ttlMs?: number }> | undefined {
  const task = params['task']
  if (typeof task !== 'object' || task === null) return undefined
  const ttlMs = 'ttl' in task ? task.ttl : undefined
  return typeof ttlMs === 'number' ? { ttlMs } : {}
}

/** The call itself: its server is to know nothing of the task that Peta makes of it. */
export function withoutTask({ bytes, spans }: Frame): Frame {
  const members = spans.params ? readMembers(bytes, spans.params) : []
  const gone = members.filter(({ name }) => name === 'task').map(({ value }) => value)
  const message = parseClientMessage(splice(bytes, removeMembers(bytes, gone)))
  if (!('frame' in message)) throw new RangeError('a request stays one')
  return message.frame
}

/** A result, or params, that say which task of Peta they belong to; the rest stays as it is, to the byte. */
export function withRelatedTask(object: Buffer, taskId: string): Buffer {
  const bare = withoutRelatedTask(object, [0, object.length])
  const related = `"${RELATED_TASK}":{"taskId":${JSON.stringify(taskId)}}`
  const members = readMembers(bare, [0, bare.length])
  const meta = members.find(({ name }) => name === '_meta')
  const isFilled = (meta ? readMembers(bare, meta.value) : members).length > 0
  const at = (meta ? meta.value[0] : bare.indexOf('{')) + 1
  const text = meta ? related : `"_meta":{${related}}`
  return splice(bare, [{ span: [at, at], text: isFilled ? `${text},` : text }])
}

/** The same text without what the object at `span` says of a task of another hop. */
export function withoutRelatedTask(bytes: Buffer, span: Span): Buffer {
  const meta = readMembers(bytes, span).find(({ name }) => name === '_meta')
  const related = meta && readMembers(bytes, meta.value).find(({ name }) => name === RELATED_TASK)
  return related ? splice(bytes, removeMembers(bytes, [related.value])) : bytes
}
