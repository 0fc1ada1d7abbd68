import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { createRenaming } from './rename.ts'

const renaming = createRenaming('ev')
const rename = (message: object): unknown =>
  JSON.parse(renaming.body(Buffer.from(JSON.stringify(message))).toString())

describe('renaming for suites that know a server’s own names', () => {
  it.each([
    ['tools/call', { name: 'echo', arguments: { name: 'kept' } }, { name: 'ev__echo' }],
    ['prompts/get', { name: 'greet' }, { name: 'ev__greet' }],
    ['resources/read', { uri: 'test://one' }, { uri: 'peta.ev+test://one' }],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'who', value: '' } },
      { ref: { type: 'ref/prompt', name: 'ev__greet' } },
    ],
  ])('prefixes what %s names, and nothing else', (method, params, renamed) => {
    const message = { jsonrpc: '2.0', id: 1, method, params }
    expect(rename(message)).toEqual({ ...message, params: { ...params, ...renamed } })
  })

  it('leaves bodies alone that name nothing, or are not JSON', () => {
    for (const text of ['', 'no json', '[]', '{"method":"tools/call"}', '{"method":"ping"}']) {
      const bytes = Buffer.from(text)
      expect(renaming.body(bytes)).toBe(bytes)
    }
  })

  it('renames the header as the body, encoded or not', () => {
    const call = Buffer.from('{"method":"tools/call","params":{"name":"é"}}')
    const read = Buffer.from('{"method":"resources/read","params":{"uri":"a:b"}}')
    expect(renaming.header('echo', call)).toBe('ev__echo')
    expect(renaming.header('a:b', read)).toBe('peta.ev+a:b')
    const encoded = (text: string) => `=?base64?${Buffer.from(text).toString('base64')}?=`
    expect(renaming.header(encoded('é'), call)).toBe(encoded('ev__é'))
    expect(renaming.header('echo', Buffer.from('{"method":"ping"}'))).toBe('echo')
  })

  it('takes prefixes out of a reply however it is cut, and keeps every other byte', () => {
    const piece = fc.constantFrom('ev__', 'peta.ev+', 'e', 'ev_', 'peta.', 'é', '\n\n', 'x')
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(40)), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''))
        const whole = bytes.toString().replaceAll('ev__', '').replaceAll('peta.ev+', '')
        const ends = [...cuts, bytes.length].toSorted((a, b) => a - b)
        const { push, end } = renaming.reply()
        const chunks = ends.map((at, index) => push(bytes.subarray(ends[index - 1] ?? 0, at)))
        expect(Buffer.concat([...chunks, end()]).toString()).toBe(whole)
      }),
    )
  })
})
