import { describe, expect, it } from 'vitest'

import { modernReply, sendJson, startHttpServer } from '../../../../../tests/support/http-server.ts'
import type { Askable } from '../../model/question.ts'
import { httpDefinition, openTestRuntime, stdioDefinition } from '../testing.ts'

const roots = [{ uri: 'file:///srv/notes', name: 'Notes' }]

/** A client with folders of its own, which no server with fixed ones may see. */
function client() {
  const asked: string[] = []
  const askable: Askable = {
    asks: ['elicitation.form', 'roots'],
    async ask({ method }) {
      asked.push(method)
      return { result: Buffer.from('{"roots":[{"uri":"file:///home/ana"}]}') }
    },
  }
  return { asked, outlet: { notify: () => undefined, askable } }
}

describe('a server whose roots an administrator fixed (MCP-71)', () => {
  it('hears of those, whoever calls, and clients are not asked', async () => {
    await using test = await openTestRuntime()
    const id = await test.ready({ ...stdioDefinition(), era: 'legacy', roots })
    const ask = { method: 'roots/list', params: {} }
    const { asked, outlet } = client()
    for (const options of [{}, { outlet }]) {
      const { text } = await test.call(id, 'ask', ask, options)
      expect(JSON.parse(text)).toEqual({ roots })
    }
    expect(asked).toEqual([])
  })

  const wanting = (methods: readonly string[]) =>
    modernReply(({ message: { id, params = {} } }, response) => {
      const result = params['inputResponses']
        ? { resultType: 'complete', content: [{ type: 'text', text: JSON.stringify(params) }] }
        : {
            resultType: 'input_required',
            requestState: 'theirs',
            inputRequests: Object.fromEntries(methods.map((method) => [method, { method }])),
          }
      sendJson(response, 200, { jsonrpc: '2.0', id, result })
    })

  it('hears of those in a round of Peta’s own, with the state that it gave', async () => {
    await using server = await startHttpServer(wanting(['roots/list']))
    await using test = await openTestRuntime()
    const id = await test.ready({ ...httpDefinition(server.url), roots })
    const { asked, outlet } = client()
    const { text } = await test.call(id, 'echo', {}, { outlet })
    expect(JSON.parse(text)).toMatchObject({
      inputResponses: { 'roots/list': { roots } },
      requestState: 'theirs',
    })
    expect(asked).toEqual([])
  })

  it('may ask a client that waits for more at once, and still hears nothing of its roots', async () => {
    await using server = await startHttpServer(wanting(['roots/list', 'elicitation/create']))
    await using test = await openTestRuntime()
    const id = await test.ready({ ...httpDefinition(server.url), roots })
    const { asked, outlet } = client()
    const { text } = await test.call(id, 'echo', {}, { outlet })
    expect(JSON.parse(text).inputResponses['roots/list']).toEqual({ roots })
    expect(asked).toEqual(['elicitation/create'])
  })

  it('is at fault when it asks for them together with what a client answers in its own round', async () => {
    await using server = await startHttpServer(wanting(['roots/list', 'elicitation/create']))
    await using test = await openTestRuntime()
    const id = await test.ready({ ...httpDefinition(server.url), roots })
    const { outlet } = client()
    await expect(test.call(id, 'echo', {}, { outlet, clientEra: 'modern' })).rejects.toMatchObject({
      code: 'server_misbehaves',
    })
  })
})
