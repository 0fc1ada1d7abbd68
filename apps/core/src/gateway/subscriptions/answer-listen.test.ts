import { beforeEach, describe, expect, it } from 'vitest'

import { createSubscribable, NOTE, OTHER, settle, type Subscribable } from './fixtures.ts'
import type { GovernedOutcome } from '../governed-call.ts'
import { allowed, serverResult } from '../testing.ts'

let to: Subscribable

beforeEach(() => {
  to = createSubscribable()
})

describe('a listen that names resources', () => {
  function listen(resourceSubscriptions: readonly string[]) {
    const told: { method: string; params: Record<string, unknown> }[] = []
    const client = new AbortController()
    const ended = to.mcp.ask(
      'subscriptions/listen',
      { notifications: { resourceSubscriptions } },
      {
        id: 'sub',
        outlet: { notify: (frame) => void told.push(JSON.parse(frame.toString())) },
        signal: client.signal,
      },
    )
    return { told, ended, hangUp: () => client.abort() }
  }

  const meta = { 'io.modelcontextprotocol/subscriptionId': 'sub' }

  it('is acknowledged with those that may be told of, and told of them alone (MCP-105, MCP-125)', async () => {
    to.answer = async ({ name }) => {
      if (name === 'note:///two')
        return { state: 'denied', decision: { ...allowed, effect: 'deny' } }
      return serverResult({})
    }
    const { told } = listen([OTHER, NOTE, 'peta.files+none:///', NOTE])
    await settle()
    expect(told).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: { notifications: { resourceSubscriptions: [NOTE] }, _meta: meta },
      },
    ])
    to.change(1, 'note:///one', ',"_meta":{"io.modelcontextprotocol/subscriptionId":7,"kept":true}')
    await to.elapse(250)
    expect(told[1]?.params).toEqual({ uri: NOTE, _meta: { kept: true, ...meta } })
  })

  it('hears of nothing before it is acknowledged (MCP-125)', async () => {
    const later = Promise.withResolvers<GovernedOutcome>()
    to.answer = async ({ name }) => (name === 'note:///two' ? later.promise : serverResult({}))
    const { told } = listen([NOTE, OTHER])
    await settle()
    to.change(0, 'note:///one')
    await to.elapse(250)
    expect(told).toEqual([])
    later.resolve(serverResult({}))
    await settle()
    expect(told.map(({ method }) => method)).toEqual([
      'notifications/subscriptions/acknowledged',
      'notifications/resources/updated',
    ])
  })

  it('asks no person for many things at once', async () => {
    to.effect = 'require_approval'
    const { told } = listen([NOTE])
    await settle()
    expect(to.sent).toEqual([])
    expect(told[0]?.params['notifications']).toEqual({})
  })

  it('lets go of them when it ends', async () => {
    const { ended, hangUp } = listen([NOTE])
    await settle()
    hangUp()
    await ended
    expect(to.sent[0]?.signal.aborted).toBe(true)
  })

  it('names at most a thousand (MCP-128)', async () => {
    const uris = Array.from({ length: 1001 }, (_, index) => `peta.files+note:///${index}`)
    const reply = JSON.parse(String((await listen(uris).ended).body))
    expect(reply.error.code).toBe(-32_602)
    expect(to.sent).toEqual([])
  })
})
