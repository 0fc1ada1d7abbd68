import { expect, it } from 'vitest'

import { pinOf } from './pin.ts'
import { nextState } from './review-state.ts'

const OLD = 'old'
const NEW = 'new'

const known = (
  state: NonNullable<Parameters<typeof nextState>[0]>['state'],
  pin: string,
  acceptedPin: string | null,
) => ({ state, pin, acceptedPin })

it.each([
  [undefined, NEW, 'quarantined'],
  [known('quarantined', OLD, null), OLD, 'quarantined'],
  [known('quarantined', OLD, null), NEW, 'quarantined'],
  [known('quarantined', OLD, null), undefined, 'gone'],
  [known('accepted', OLD, OLD), OLD, 'accepted'],
  [known('accepted', OLD, OLD), NEW, 'changed'],
  [known('accepted', OLD, OLD), undefined, 'gone'],
  [known('changed', NEW, OLD), NEW, 'changed'],
  [known('changed', NEW, OLD), OLD, 'accepted'],
  [known('changed', NEW, OLD), undefined, 'gone'],
  [known('rejected', OLD, null), OLD, 'rejected'],
  [known('rejected', OLD, null), NEW, 'quarantined'],
  [known('rejected', OLD, null), undefined, 'rejected'],
  [known('gone', OLD, OLD), OLD, 'accepted'],
  [known('gone', OLD, OLD), NEW, 'changed'],
  [known('gone', OLD, null), OLD, 'quarantined'],
  [known('gone', OLD, OLD), undefined, 'gone'],
])('takes %j that shows pin %s to %s (POL-46)', (before, seen, next) => {
  expect(nextState(before, seen)).toBe(next)
})

it.each([
  { name: 'b' },
  { title: 't' },
  { description: 'e' },
  { inputSchema: { type: 'string' } },
  { outputSchema: {} },
  { annotations: { readOnlyHint: true } },
  { icons: [] },
  { execution: {} },
  { _meta: { ui: { resourceUri: 'ui://x' } } },
])('pins %j (POL-47)', (change) => {
  const base = { name: 'a', description: 'd', inputSchema: { type: 'object', required: ['x'] } }
  expect(pinOf({ ...base, ...change })).not.toBe(pinOf(base))
})

it('pins the value, not its spelling, and nothing that is no part of it (POL-47)', () => {
  const pin = pinOf({ name: 'a', inputSchema: { type: 'object', required: ['x'] } })
  expect(pinOf({ inputSchema: { required: ['x'], type: 'object' }, name: 'a' })).toBe(pin)
  expect(
    pinOf({ name: 'a', inputSchema: { type: 'object', required: ['x'] }, _meta: { n: 1 } }),
  ).toBe(pin)
})
