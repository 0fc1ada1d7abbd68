import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { parseClientMessage } from '../frame.ts'
import { wantedTask, withoutTask, withRelatedTask } from './tasks.ts'

const KEY = 'io.modelcontextprotocol/related-task'

const anyObject = fc.dictionary(fc.string(), fc.jsonValue())

function frameOf(params: string) {
  const text = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`
  const message = parseClientMessage(Buffer.from(text))
  if (!('frame' in message)) throw new Error('no request')
  return message.frame
}

describe('tasks of 2025-11-25 (MCP-138)', () => {
  it.each([
    ['{"name":"a"}', undefined],
    ['{"name":"a","task":null}', undefined],
    ['{"name":"a","task":{}}', {}],
    ['{"name":"a","task":{"ttl":60000,"more":1}}', { ttlMs: 60_000 }],
    ['{"name":"a","task":{"ttl":"long"}}', {}],
  ])('are wanted by %s as far as it says so', (params, wanted) => {
    expect(wantedTask(frameOf(params))).toEqual(wanted)
  })

  it.each([
    ['{"task":{},"name":"a","arguments":{"n":1.0}}', '{"name":"a","arguments":{"n":1.0}}'],
    ['{"name":"a", "task":{"ttl":1} ,"x":1}', '{"name":"a" ,"x":1}'],
    ['{"name":"a","arguments":{"task":{}}}', '{"name":"a","arguments":{"task":{}}}'],
  ])('leave the call as it is without them: %s', (params, left) => {
    const { bytes, spans } = withoutTask(frameOf(params))
    expect(bytes.toString('utf8', ...(spans.params ?? [0, 0]))).toBe(left)
  })

  it.each([
    ['{}', `{"_meta":{"${KEY}":{"taskId":"t"}}}`],
    ['{"n":1.0}', `{"_meta":{"${KEY}":{"taskId":"t"}},"n":1.0}`],
    ['{"_meta":{}}', `{"_meta":{"${KEY}":{"taskId":"t"}}}`],
    ['{"_meta":{"a":1e3},"b":2}', `{"_meta":{"${KEY}":{"taskId":"t"},"a":1e3},"b":2}`],
    [`{"_meta":{"${KEY}":{"taskId":"theirs"}}}`, `{"_meta":{"${KEY}":{"taskId":"t"}}}`],
  ])('are named in %s, byte for byte otherwise (MCP-82)', (object, named) => {
    expect(withRelatedTask(Buffer.from(object), 't').toString()).toBe(named)
  })

  it('are named in any object, once, and nothing else of it changes', () => {
    fc.assert(
      fc.property(anyObject, anyObject, fc.string(), (members, meta, taskId) => {
        const text = JSON.stringify({ ...members, _meta: meta })
        const named: unknown = JSON.parse(withRelatedTask(Buffer.from(text), taskId).toString())
        const plain: object = JSON.parse(JSON.stringify(members))
        const own: object = JSON.parse(JSON.stringify(meta))
        expect(named).toEqual({ ...plain, _meta: { ...own, [KEY]: { taskId } } })
      }),
    )
  })
})
