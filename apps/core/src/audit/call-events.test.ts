import fc from 'fast-check'
import { expect, it } from 'vitest'

import { createIds } from '../ground/ids.ts'
import { createCallEvents } from './call-events.ts'
import { aCall, aDecision, anIntent, anItem, aPrincipal } from './testing.ts'

const clock = { nowMs: () => 1_790_000_000_000, monotonicUs: () => 42 }
const events = createCallEvents({ clock, newId: createIds(clock) })
const parse = (fields: string): Record<string, unknown> => JSON.parse(`{${fields}}`)
const { item: _named, ...unnamed } = aCall()

it('tells who called what and what the policy said, in the fixed order (AUD-11)', () => {
  const draft = events.decided(anIntent())
  const body = parse(draft.fields)
  expect(Object.keys(body)).toEqual(
    'mono_us workspace_id type outcome actor agent server target request policy'.split(' '),
  )
  expect(body).toMatchObject({
    type: 'call.decided',
    outcome: 'allowed',
    actor: { user_id: 'usr_1' },
    agent: { id: 'agt_1', token_id: 'tok_1' },
    target: { name: 'refund', exposed: 'stripe__refund' },
    request: { id: 'cal_1', jsonrpc_id: 7, args_bytes: 42 },
    policy: { version: 3, matched: ['refunds'], effect: 'allow' },
  })
  expect(draft).toMatchObject({ actorId: 'agt_1', target: 'stripe__refund', outcome: 'allowed' })
})

it('names every rule that matched, failed, or would have matched (POL-59)', () => {
  const hit = { effect: 'deny', gate: true, guardrail: false, errored: true } as const
  const decision = aDecision({
    effect: 'deny',
    matched: [{ ...hit, rule: 'a' }],
    shadow: [{ ...hit, rule: 'b' }],
  })
  expect(parse(events.decided(anIntent({ decision })).fields)).toMatchObject({
    outcome: 'denied',
    policy: { matched: ['a'], errored: ['a'], shadow: ['b'] },
  })
})

it('completes an intent by its id, with sizes and codes (AUD-20)', () => {
  const draft = events.completed(anIntent(), 'evt_1', {
    outcome: 'failed',
    durationUs: 1500,
    result: { bytes: 90, isError: true },
    errorCode: 'server_busy',
    approval: { id: 'apr_1', state: 'EXECUTING' },
  })
  const body = parse(draft.fields)
  expect(Object.keys(body).slice(4)).toEqual(
    'actor agent server target approval result error cause_id duration_us'.split(' '),
  )
  expect(body).toMatchObject({ cause_id: 'evt_1', duration_us: 1500, result: { is_error: true } })
  expect(draft.causeId).toBe('evt_1')
})

it('holds no argument, no frame, no name or address of a person, no client address (AUD-13)', () => {
  const end = { outcome: 'executed', durationUs: 1 } as const
  const text =
    JSON.stringify(events.decided(anIntent())) +
    JSON.stringify(events.completed(anIntent(), 'evt_1', end))
  expect(text).not.toMatch(/canary|example\.com|Ana|203\.0\.113/)
})

it('says what a principal is now, not what one of the same ids was before', () => {
  const first = aPrincipal()
  const second = aPrincipal({ tokenId: 'tok_2' })
  const tokens = [first, second, first].map((principal) =>
    parse(events.decided(anIntent({ principal })).fields),
  )
  expect(tokens).toMatchObject(
    ['tok_1', 'tok_2', 'tok_1'].map((token_id) => ({ agent: { token_id } })),
  )
})

// Names, URIs, methods and request ids come from outside and stand in text that is put together by hand.
it('stays one JSON object with its own members, whatever text is in a call', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 })
  fc.assert(
    fc.property(text, text, fc.option(text), (name, method, id) => {
      const frame = { ...aCall().frame, ...(id !== null && { id }) }
      for (const call of [
        aCall({ name, method, frame, item: anItem({ name, exposed: name }) }),
        { ...unnamed, name, method, frame },
      ]) {
        const body = parse(events.decided(anIntent({ call })).fields)
        expect(Object.keys(body).length).toBe(10)
        expect(body).toMatchObject({ target: { name }, request: { method }, outcome: 'allowed' })
      }
    }),
  )
})

it('flags a call that came from an app (MCP-141)', () => {
  const call = aCall({ via: 'app' })
  expect(parse(events.decided(anIntent({ call })).fields)).toMatchObject({
    request: { via: 'app' },
  })
})
