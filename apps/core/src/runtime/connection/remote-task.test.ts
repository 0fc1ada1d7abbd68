import { describe, expect, it } from 'vitest'

import type { ServerFrame } from '../../model/frame.ts'
import { readServerFrame } from '../../protocol/server-frame.ts'
import type { AboutTask } from './call-request.ts'
import { throughTask, type RemoteTaskParts } from './remote-task.ts'

const frameOf = (result: object): ServerFrame =>
  readServerFrame(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result })))
const task = (status: string, more: object = {}) => ({ taskId: 'theirs', status, ...more })
const DONE = task('completed', { result: { content: [] } })

/** A server that answers polls from a script; an error stands for no answer. */
function serverWith(script: readonly (object | Error)[], abort = new AbortController()) {
  const left = [...script]
  const pauses: number[] = []
  const asked: AboutTask[] = []
  let nowMs = 0
  const parts: RemoteTaskParts = {
    server: 'far',
    askable: { asks: ['elicitation.form'], ask: () => Promise.resolve(ACCEPTED) },
    async ask(about) {
      asked.push(about)
      if (about.method !== 'tasks/get') return frameOf({})
      const next = left.shift() ?? DONE
      if (next instanceof Error) throw next
      return frameOf(next)
    },
    clock: { nowMs: () => nowMs },
    timers: {
      after(ms, run) {
        pauses.push(ms)
        nowMs += ms
        queueMicrotask(run)
        return { [Symbol.dispose]() {} }
      },
    },
    signal: abort.signal,
  }
  const methods = () => asked.map(({ method }) => method)
  return { parts, pauses, asked, methods }
}

const ACCEPTED = { result: Buffer.from('{"action":"accept","content":{}}') }
const first = { taskId: 'theirs', status: 'working', inputRequests: [] }

describe('a task of a server (MCP-137)', () => {
  it('is asked about no faster than the server wants, whatever that is now', async () => {
    const script = [
      task('working', { pollIntervalMs: 700 }),
      task('working', { pollIntervalMs: 0 }),
      task('working', { pollIntervalMs: 1e9 }),
    ]
    const { parts, pauses } = serverWith(script)
    await throughTask({ ...first, pollIntervalMs: 3000 }, parts)
    expect(pauses).toEqual([3000, 700, 250, 60_000])
  })

  it('is asked about every five seconds where the server says nothing', async () => {
    const { parts, pauses } = serverWith([])
    await throughTask(first, parts)
    expect(pauses).toEqual([5000])
  })

  it('is asked about again when an answer is lost, and given up after five', async () => {
    const lost = new Error('gone')
    const some = serverWith([lost, lost, lost, lost])
    expect((await throughTask(first, some.parts)).spans.result).toBeDefined()
    const all = serverWith([lost, lost, lost, lost, lost])
    await expect(throughTask(first, all.parts)).rejects.toMatchObject({ code: 'outcome_unknown' })
    expect(all.methods()).toEqual([...Array.from({ length: 5 }, () => 'tasks/get'), 'tasks/cancel'])
  })

  it.each([
    ['it forgot it', { content: [] }],
    ['it tells of another', task('completed', { taskId: 'other', result: {} })],
    ['it cancelled it', task('cancelled')],
  ])('has an outcome that nobody knows when %s', async (_, answer) => {
    const { parts } = serverWith([answer])
    await expect(throughTask(first, parts)).rejects.toMatchObject({ code: 'outcome_unknown' })
  })

  it('ends after a day, and is cancelled when nobody wants it', async () => {
    const working = task('working', { pollIntervalMs: 60_000 })
    const endless = serverWith(Array.from({ length: 2000 }, () => working))
    await expect(throughTask(first, endless.parts)).rejects.toMatchObject({
      facts: { reason: 'task_timed_out' },
    })
    const left = new AbortController()
    const unwanted = serverWith([working], left)
    left.abort()
    await expect(throughTask(first, unwanted.parts)).rejects.toThrow('server:task')
    expect(unwanted.methods()).toEqual(['tasks/cancel'])
  })

  it('has each question carried to the client once, under its key', async () => {
    const question = { method: 'elicitation/create', params: { message: 'Who?' } }
    const asking = task('input_required', { inputRequests: { 'a key': question } })
    const { parts, asked } = serverWith([asking, asking, asking])
    const keys: (string | undefined)[] = []
    const ask: NonNullable<RemoteTaskParts['askable']>['ask'] = async ({ key }) => {
      keys.push(key)
      return ACCEPTED
    }
    await throughTask(first, { ...parts, askable: { asks: ['elicitation.form'], ask } })
    expect(keys).toEqual(['a key'])
    const updates = asked.filter(({ method }) => method === 'tasks/update')
    expect(updates.map(({ more }) => more)).toEqual([
      ',"inputResponses":{"a key":{"action":"accept","content":{}}}',
    ])
  })

  it('gets no answer to what its client did not offer', async () => {
    const question = { method: 'roots/list', params: {} }
    const { parts, methods } = serverWith([
      task('input_required', { inputRequests: { a: question, b: { method: 'made/up' } } }),
    ])
    await throughTask(first, parts)
    expect(methods()).not.toContain('tasks/update')
  })
})
