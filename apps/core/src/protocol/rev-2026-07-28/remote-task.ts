import type { ServerFrame } from '../../model/frame.ts'
import { readRequests, type InputRequest } from '../input-required.ts'
import { readMembers, readValue } from '../members.ts'
import { readServerFrame } from '../server-frame.ts'

/** A task of a server, as its latest message says it stands. */
export type RemoteTask = Readonly<{
  taskId: string
  status: string
  pollIntervalMs?: number
  inputRequests: readonly InputRequest[]
  /** What it came to, byte for byte. */
  result?: Buffer
  error?: Buffer
}>

/** Undefined for a message that tells of no task. */
export function readTask({ bytes, spans }: ServerFrame): RemoteTask | undefined {
  if (!spans.result) return undefined
  const members = new Map(readMembers(bytes, spans.result).map(({ name, value }) => [name, value]))
  const valueOf = (name: string): unknown => {
    const span = members.get(name)
    return span && readValue(bytes, span)
  }
  const textOf = (name: 'result' | 'error') => {
    const span = members.get(name)
    return span && { [name]: bytes.subarray(...span) }
  }
  const [taskId, status, pollIntervalMs] = ['taskId', 'status', 'pollIntervalMs'].map(valueOf)
  if (typeof taskId !== 'string' || typeof status !== 'string') return undefined
  const asked = status === 'input_required' ? members.get('inputRequests') : undefined
  return {
    taskId,
    status,
    ...(typeof pollIntervalMs === 'number' && { pollIntervalMs }),
    inputRequests: asked ? readRequests(bytes, asked) : [],
    ...textOf('result'),
    ...textOf('error'),
  }
}

/** The task that a call is answered with; its type spelled with escapes is another one to everyone here. */
export function taskIn(frame: ServerFrame): RemoteTask | undefined {
  const { bytes, spans } = frame
  const isTask = spans.resultType && bytes.toString('latin1', ...spans.resultType) === '"task"'
  return isTask ? readTask(frame) : undefined
}

/** The answer that the call would have had, once the task has one. */
export function finalFrameOf({ status, result, error }: RemoteTask): ServerFrame | undefined {
  if (status === 'completed' && result) return frameOf('result', result)
  if (status === 'failed' && error) return frameOf('error', error)
  return undefined
}

const frameOf = (member: 'result' | 'error', text: Buffer): ServerFrame =>
  readServerFrame(
    Buffer.concat([Buffer.from(`{"jsonrpc":"2.0","id":0,"${member}":`), text, Buffer.from('}')]),
  )
