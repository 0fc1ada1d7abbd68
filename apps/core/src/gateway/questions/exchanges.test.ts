import { describe, expect, it } from 'vitest'

import { systemTimers } from '../../ground/timers.ts'
import type { Decision, Effect } from '../../model/decision.ts'
import type { Principal } from '../../model/principal.ts'
import type { Profile } from '../../model/profile.ts'
import type { Answer, Question } from '../../model/question.ts'
import {
  allowed,
  createTestMcp,
  echoTool,
  modernMeta,
  serverResult,
  snapshotOf,
  testPrincipal,
  testProfile,
  type Script,
  type TestMcp,
} from '../testing.ts'

const meta = {
  ...modernMeta,
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {}, sampling: {} },
}
const question: Question = {
  method: 'elicitation/create',
  params: Buffer.from('{"message":"Sure?","x-own":1.0}'),
}

const textOf = (answer: Answer): string =>
  'result' in answer ? answer.result.toString() : answer.error.toString()

/** A legacy server that asks once, and tells what came back. */
const asksOnce: Script = async (_call, outlet) => {
  const answer = await outlet.askable?.ask(question).catch((error: Error) => error.message)
  const text = typeof answer === 'object' ? textOf(answer) : String(answer)
  return serverResult({ content: [{ type: 'text', text }] })
}

const otherEcho = { ...echoTool, pin: 'changed' }
const denied: Decision = { ...allowed, effect: 'deny' }

type Timer = { delayMs: number; run: () => void }

function setUp(script: Script = asksOnce) {
  const timers = new Set<Timer>()
  const after = (delayMs: number, run: () => void): Disposable => {
    const timer = { delayMs, run }
    timers.add(timer)
    return { [Symbol.dispose]: () => void timers.delete(timer) }
  }
  const mcp = createTestMcp({ timers: { ...systemTimers, after } }, script)
  const fire = (): void => {
    const due = [...timers]
    timers.clear()
    for (const timer of due) timer.run()
  }
  return { mcp, fire }
}

type More = Readonly<{
  principal?: Principal
  profile?: Profile
  text?: string
  signal?: AbortSignal
}>

async function send(mcp: TestMcp, round: object = {}, { text = 'a', ...more }: More = {}) {
  const params = { name: 'files__echo', arguments: { text }, ...round }
  const reply = await mcp.ask('tools/call', params, { meta, ...more })
  const { result, error } = JSON.parse(String(reply.body))
  return { result, error }
}

const accept = { q1: { action: 'accept', content: { ok: true } } }

describe('a call whose server asks something', () => {
  it('ends the request with the question, byte for byte, and a state to come back with (MCP-66)', async () => {
    const { mcp } = setUp()
    const params = { name: 'files__echo', arguments: { text: 'a' } }
    const reply = await mcp.ask('tools/call', params, { meta })
    expect(String(reply.body)).toContain(
      '"q1":{"method":"elicitation/create","params":{"message":"Sure?","x-own":1.0}}',
    )
    expect(JSON.parse(String(reply.body)).result).toMatchObject({
      resultType: 'input_required',
      requestState: expect.any(String),
    })
  })

  it('goes on when its client comes back, with what it said (MCP-67)', async () => {
    const { mcp } = setUp()
    const { requestState } = (await send(mcp)).result
    const { result } = await send(mcp, { requestState, inputResponses: accept })
    expect(result.resultType).toBe('complete')
    expect(JSON.parse(result.content[0].text)).toEqual(accept.q1)
    expect(mcp.calls).toHaveLength(1)
  })

  it('asks again for what was not answered, and takes no state twice (MCP-67)', async () => {
    const { mcp } = setUp()
    const first = (await send(mcp)).result
    const again = (await send(mcp, { requestState: first.requestState, inputResponses: {} })).result
    expect(again.inputRequests).toEqual(first.inputRequests)
    const replayed = { requestState: first.requestState, inputResponses: accept }
    expect((await send(mcp, replayed)).error).toMatchObject({ code: -32602 })
    const { result } = await send(mcp, { requestState: again.requestState, inputResponses: accept })
    expect(result.resultType).toBe('complete')
  })

  it('is nobody else’s: another principal, other arguments, or an altered state get nothing (MCP-67, MCP-176)', async () => {
    const { mcp } = setUp()
    const { requestState } = (await send(mcp)).result
    const round = { requestState, inputResponses: accept }
    const stranger = { ...testPrincipal, agent: { ...testPrincipal.agent, id: 'agt_2' } }
    const refusals = [
      await send(mcp, round, { principal: stranger }),
      await send(mcp, round, { text: 'b' }),
      await send(mcp, { ...round, requestState: `A${requestState}` }),
      await send(mcp, { ...round, requestState: 7 }),
    ]
    for (const { error } of refusals) expect(error).toMatchObject({ code: -32602 })
    expect((await send(mcp, round)).result.resultType).toBe('complete')
  })

  it('goes on at the profile where it began, as it then stood, and nowhere else (MCP-67, MCP-110)', async () => {
    const { mcp } = setUp()
    const profile = { ...testProfile, name: 'one' }
    const { requestState } = (await send(mcp, {}, { profile })).result
    const round = { requestState, inputResponses: accept }
    for (const other of [{}, { profile: testProfile }, { profile: { ...profile, revision: 2 } }]) {
      expect((await send(mcp, round, other)).error).toMatchObject({ code: -32602 })
    }
    expect((await send(mcp, round, { profile })).result.resultType).toBe('complete')
  })

  it('is cancelled to the server when its client does not come back, and cannot be gone on with (MCP-68)', async () => {
    let heard = ''
    const { mcp, fire } = setUp(async (_call, outlet) => {
      heard = await (outlet.askable?.ask(question).then(textOf, (error: Error) => error.message) ??
        '')
      return serverResult({ content: [] })
    })
    const { requestState } = (await send(mcp)).result
    fire()
    await expect.poll(() => heard).toBe('the client did not come back')
    const late = await send(mcp, { requestState, inputResponses: accept })
    expect(late.error).toMatchObject({ code: -32602, message: expect.stringContaining('lost') })
  })

  it('goes on no more once a rule denies it or its tool is another one (MCP-67)', async () => {
    for (const change of ['rule', 'tool'] as const) {
      let isChanged = false
      const mcp = createTestMcp(
        {
          decide: () => (isChanged && change === 'rule' ? denied : allowed),
          catalogue: () =>
            isChanged && change === 'tool' ? snapshotOf([otherEcho], 2) : snapshotOf([echoTool]),
        },
        asksOnce,
      )
      const { requestState } = (await send(mcp)).result
      isChanged = true
      const { result } = await send(mcp, { requestState, inputResponses: accept })
      expect(result).toMatchObject({ resultType: 'complete', isError: true })
      isChanged = false
      const again = await send(mcp, { requestState, inputResponses: accept })
      expect(again.error).toMatchObject({ code: -32602, message: expect.stringContaining('lost') })
    }
  })

  it('waits for no more than eight of one principal (MCP-70)', async () => {
    const { mcp } = setUp()
    for (let count = 0; count < 8; count += 1) {
      expect((await send(mcp)).result.resultType).toBe('input_required')
    }
    const { result } = await send(mcp)
    expect(result.resultType).toBe('complete')
  })

  it('is given up when its client hangs up in the middle of a round, but not between two (MCP-68, MCP-131)', async () => {
    const client = new AbortController()
    let signal: AbortSignal | undefined
    const { mcp } = setUp(async (_call, outlet, own) => {
      signal = own
      await outlet.askable?.ask(question)
      await new Promise((_, reject) => {
        own.addEventListener('abort', () => reject(own.reason))
        if (own.aborted) reject(own.reason)
      })
      return serverResult({ content: [] })
    })
    const { requestState } = (await send(mcp, {}, { signal: client.signal })).result
    client.abort()
    expect(signal?.aborted).toBe(false)
    const second = new AbortController()
    const back = send(mcp, { requestState, inputResponses: accept }, { signal: second.signal })
    await Promise.resolve()
    second.abort(new Error('gone'))
    await back
    expect(signal?.aborted).toBe(true)
  })
})

it('goes on no more once a person would have to be asked (MCP-67)', async () => {
  let effect: Effect = 'allow'
  const mcp = createTestMcp({ decide: () => ({ ...allowed, effect }) }, asksOnce)
  const { requestState } = (await send(mcp)).result
  effect = 'require_approval'
  const { error } = await send(mcp, { requestState, inputResponses: accept })
  expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('rules changed') })
})

describe('an approved call whose server asks in its results (APR-2, MCP-60)', () => {
  /** Asks in every round, as a server that never has enough. */
  const asksOn: Script = async (call) => {
    const result = {
      resultType: 'input_required',
      requestState: 's',
      inputRequests: { q: { method: 'elicitation/create', params: {} } },
    }
    const answer = serverResult(result, 'modern')
    const isFirst = call.round === undefined
    if (answer.state !== 'done' || !isFirst) return answer
    return { ...answer, result: { ...answer.result, approvalId: 'apr_1' } }
  }
  const next = async (mcp: TestMcp, { requestState }: { requestState: string }) =>
    (await send(mcp, { requestState, inputResponses: { q: { action: 'accept' } } })).result
  const coveredIn = (mcp: TestMcp) => mcp.calls.map(({ round }) => round?.approvalId)

  it('goes on under its approval, round after round, each of them once', async () => {
    const { mcp } = setUp(asksOn)
    const first = (await send(mcp)).result
    const second = await next(mcp, first)
    await next(mcp, second)
    await next(mcp, first)
    await next(mcp, second)
    expect(coveredIn(mcp)).toEqual([undefined, 'apr_1', 'apr_1', undefined, undefined])
  })

  it('gets no second way on when its first result is given again', async () => {
    const { mcp } = setUp(asksOn)
    await next(mcp, (await send(mcp)).result)
    await next(mcp, (await send(mcp)).result)
    expect(coveredIn(mcp)).toEqual([undefined, 'apr_1', undefined, undefined])
  })

  it('asks anew for a tool whose definition is another one', async () => {
    let isChanged = false
    const catalogue = () => (isChanged ? snapshotOf([otherEcho], 2) : snapshotOf([echoTool]))
    const mcp = createTestMcp({ catalogue }, asksOn)
    const first = (await send(mcp)).result
    isChanged = true
    await next(mcp, first)
    expect(coveredIn(mcp)).toEqual([undefined, undefined])
  })
})

it('tells a server nothing of a client that offered nothing (MCP-55, MCP-69)', async () => {
  const mcp = createTestMcp({}, async (_call, outlet) =>
    serverResult({ content: [{ type: 'text', text: String(outlet.askable === undefined) }] }),
  )
  const reply = await mcp.ask('tools/call', { name: 'files__echo', arguments: { text: 'a' } })
  expect(JSON.parse(String(reply.body)).result.content[0].text).toBe('true')
})

describe('questions in the result of a modern server', () => {
  const asks =
    (requestState?: string): Script =>
    async (call) =>
      call.round
        ? serverResult({ resultType: 'complete', content: [], was: call.round }, 'modern')
        : serverResult(
            {
              resultType: 'input_required',
              inputRequests: { who: { method: 'elicitation/create', params: { message: '?' } } },
              ...(requestState !== undefined && { requestState }),
            },
            'modern',
          )

  it.each([['its-own'], [undefined]])(
    'come with a state of Peta’s that gives the server its own back: %s (MCP-60)',
    async (own) => {
      const { mcp } = setUp(asks(own))
      const { result } = await send(mcp)
      expect(result.requestState).not.toBe(own)
      expect(result.inputRequests).toEqual({
        who: { method: 'elicitation/create', params: { message: '?' } },
      })
      const { requestState } = result
      const next = await send(mcp, { requestState, inputResponses: { who: { action: 'decline' } } })
      expect(next.result.was).toEqual(own === undefined ? {} : { serverState: own })
    },
  )

  it('are the server’s fault when the client did not offer to answer them (MCP-60)', async () => {
    const { mcp } = setUp(async () =>
      serverResult(
        {
          resultType: 'input_required',
          inputRequests: { r: { method: 'roots/list', params: {} } },
          requestState: 's',
        },
        'modern',
      ),
    )
    const { result, error } = await send(mcp)
    expect({ resultType: result?.resultType, code: error?.code }).toEqual({
      resultType: undefined,
      code: -32603,
    })
  })
})
