import fc from 'fast-check'
import { expect, it } from 'vitest'

import { createIds } from '../ground/ids.ts'
import { createDraft, FIELD_ORDER, type EventDescription } from './event.ts'

const clock = { nowMs: () => 1_790_000_000_000, monotonicUs: () => 42 }
const draft = createDraft({ clock, newId: createIds(clock) })
const bodyOf = (event: EventDescription): Record<string, unknown> =>
  JSON.parse(`{${draft(event).fields}}`)

it('writes members in the fixed order of the format, whatever order they were given in (AUD-11)', () => {
  const body = bodyOf({
    type: 'policy.version_published',
    workspaceId: 'wsp_1',
    outcome: 'executed',
    actorId: 'usr_1',
    causeId: 'evt_0',
    fields: { rules: 3, error: { code: 'x' }, policy: { version: 2 }, server: { id: 's' } },
  })
  expect(Object.keys(body)).toEqual(
    'mono_us workspace_id type outcome actor server policy error cause_id detail'.split(' '),
  )
  expect(body).toMatchObject({ actor: { user_id: 'usr_1' }, detail: { rules: 3 } })
})

it('says in the hashed bytes everything that its index copies say (AUD-21)', () => {
  const body = bodyOf({
    type: 'token.issued',
    workspaceId: 'wsp_1',
    actorId: 'agt_7',
    target: 'tok_1',
  })
  expect(body).toMatchObject({ agent: { id: 'agt_7' }, target: { name: 'tok_1' } })
})

it('omits what is absent, and the workspace of an event of the deployment (AUD-11)', () => {
  const made = draft({ type: 'system.started', workspaceId: '', fields: { gone: undefined } })
  expect(JSON.parse(`{${made.fields}}`)).toEqual({ mono_us: 42, type: 'system.started' })
  expect(Object.keys(made)).toEqual(['id', 'tsMs', 'workspaceId', 'type', 'fields'])
})

it('keeps a name of the format that a stage uses apart from the format (AUD-11)', () => {
  const fields = { idx: 7, log_id: 'other', type: 'call.decided' }
  const body = bodyOf({ type: 'system.started', workspaceId: '', fields })
  expect(body).toEqual({ mono_us: 42, type: 'system.started', detail: fields })
})

// A quote or line break in a name that somebody chose must not become a member of its own.
it('keeps any text inside its own member', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 200 })
  fc.assert(
    fc.property(texts, fc.constantFrom(...FIELD_ORDER), fc.jsonValue(), (text, name, value) => {
      const fields = { [name]: value, extra: text }
      const body = bodyOf({ type: 'audit.read', workspaceId: 'wsp_1', target: text, fields })
      expect(body['detail']).toEqual({ extra: text })
      expect(body[name]).toEqual(JSON.parse(JSON.stringify(value)))
      expect(body).toMatchObject({ workspace_id: 'wsp_1', type: 'audit.read' })
    }),
  )
})

it('gives indexes only text that both engines can hold (STO-24)', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 900 }), (target) => {
      const copy = draft({ type: 'audit.read', workspaceId: 'w', target }).target ?? ''
      expect(copy.isWellFormed() && !copy.includes('\0')).toBe(true)
      expect(Buffer.byteLength(copy)).toBeLessThanOrEqual(512)
    }),
  )
})
