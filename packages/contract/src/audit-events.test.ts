import { expect, it } from 'vitest'

import { auditEvents, isAuditEventType } from './audit-events.ts'
import { AuditQuery } from './resources/audit.ts'

const names = Object.keys(auditEvents)

it.each(Object.entries(auditEvents))(
  '%s is a noun and a verb, with its sentence (AUD-10)',
  (name, sentence) => {
    expect(name).toMatch(/^[a-z]+\.[a-z]+(?:_[a-z]+)*$/)
    expect(sentence).toMatch(/^[A-Z].+\.$/)
  },
)

it.each(['made.up', 'call', 'call.Sent', 'call.sent ', '', 'constructor', '__proto__', 'toString'])(
  'no other name is an event: %j (AUD-10)',
  (name) => {
    expect(isAuditEventType(name)).toBe(false)
    expect(AuditQuery.safeParse({ type: name }).success).toBe(false)
  },
)

it('has no event under two spellings (AUD-10)', () => {
  const bare = names.map((name) => name.replaceAll(/[._]/g, ''))
  expect(new Set(bare).size).toBe(names.length)
  expect(names.every((name) => AuditQuery.safeParse({ type: name }).success)).toBe(true)
})
