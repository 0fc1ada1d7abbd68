import { describe, expect, it } from 'vitest'

import { approvalStates, type ApprovalState } from '../model/approval.ts'
import {
  ATTEMPTS_MAX,
  isTerminal,
  transition,
  transitions,
  type ApprovalEvent,
  type Standing,
} from './machine.ts'

const events = [...new Set(transitions.map(({ event }) => event))]

const standing = (overrides: Partial<Standing> = {}): Standing => ({
  state: 'PENDING',
  attempt: 0,
  fence: 0,
  decideByMs: 100,
  executeByMs: 200,
  isResendable: false,
  ...overrides,
})

const executing = (overrides: Partial<Standing> = {}): Standing =>
  standing({ state: 'EXECUTING', attempt: 1, fence: 1, ...overrides })

const leads = (approval: Standing, event: ApprovalEvent, nowMs = 0): string => {
  const end = transition(approval, event, nowMs)
  return 'state' in end ? end.state : end.refused
}

describe('the table of states', () => {
  it('knows every state, and lets nothing lead out of a terminal one (APR-6)', () => {
    const terminal: readonly ApprovalState[] = [
      'DENIED',
      'EXPIRED',
      'CANCELLED',
      'REVOKED',
      'VOID',
      'COMPLETED',
      'FAILED',
      'RESOLVED_DONE',
      'RESOLVED_NOT_DONE',
    ]
    expect(approvalStates.filter(isTerminal).toSorted()).toEqual(terminal.toSorted())
    for (const state of terminal) {
      const refusal = state === 'EXPIRED' ? 'approval_expired' : 'wrong_state'
      for (const event of events) expect(leads(standing({ state }), event)).toBe(refusal)
    }
  })

  it('turns no silence into a yes: the clock leads to no state that may run (APR-3)', () => {
    for (const state of approvalStates) {
      for (const event of ['expire', 'lose', 'release'] as const) {
        const end = leads(standing({ state, fence: 1, sentFence: 1 }), event, 10_000)
        expect(['APPROVED', 'EXECUTING', 'COMPLETED']).not.toContain(end)
      }
    }
  })

  it('refuses a vote the moment the time to decide is over (APR-13)', () => {
    expect(leads(standing(), 'approve', 99)).toBe('APPROVED')
    expect(leads(standing(), 'approve', 100)).toBe('approval_expired')
    expect(leads(standing(), 'deny', 100)).toBe('approval_expired')
    expect(leads(standing(), 'expire', 99)).toBe('wrong_state')
    expect(leads(standing(), 'expire', 100)).toBe('EXPIRED')
  })

  it('refuses a claim the moment the time to run is over, or without one (APR-12, APR-13)', () => {
    const approved = standing({ state: 'APPROVED' })
    expect(leads(approved, 'claim', 199)).toBe('EXECUTING')
    expect(leads(approved, 'claim', 200)).toBe('approval_expired')
    expect(leads({ ...approved, executeByMs: undefined }, 'claim')).toBe('approval_expired')
  })

  it('takes an approval back until something was about to be sent', () => {
    expect(leads(standing({ state: 'APPROVED' }), 'revoke')).toBe('REVOKED')
    expect(leads(executing(), 'revoke')).toBe('REVOKED')
    expect(leads(executing({ sentFence: 1 }), 'revoke')).toBe('wrong_state')
  })

  it('gives an approval back after a claim that sent nothing, three times (APR-37)', () => {
    expect(leads(executing(), 'release')).toBe('APPROVED')
    expect(leads(executing({ attempt: ATTEMPTS_MAX }), 'release')).toBe('EXPIRED')
    expect(leads(executing(), 'release', 200)).toBe('EXPIRED')
    expect(leads(executing({ sentFence: 1 }), 'release')).toBe('wrong_state')
  })

  it('calls a lost answer unknown, unless the tool is safe to repeat (APR-37, APR-38)', () => {
    expect(leads(executing({ sentFence: 1 }), 'lose')).toBe('OUTCOME_UNKNOWN')
    const resendable = executing({ sentFence: 1, isResendable: true })
    expect(leads(resendable, 'lose')).toBe('APPROVED')
    expect(leads(resendable, 'lose', 200)).toBe('OUTCOME_UNKNOWN')
    expect(leads({ ...resendable, attempt: ATTEMPTS_MAX }, 'lose')).toBe('OUTCOME_UNKNOWN')
  })

  it('never says that nothing ran once something may have (APR-2)', () => {
    const sent = standing({ state: 'APPROVED', attempt: 1, fence: 1, sentFence: 1 })
    expect(leads(sent, 'expire', 200)).toBe('OUTCOME_UNKNOWN')
    expect(leads(sent, 'void')).toBe('OUTCOME_UNKNOWN')
    for (const event of ['withdraw', 'revoke', 'revise'] as const) {
      expect(leads(sent, event)).toBe('wrong_state')
    }
    const again = executing({ attempt: 2, fence: 2, sentFence: 1 })
    expect(leads(again, 'release', 200)).toBe('OUTCOME_UNKNOWN')
  })

  it('takes no answer from a claim that never said it would send (APR-36)', () => {
    expect(leads(executing(), 'complete')).toBe('wrong_state')
    expect(leads(executing(), 'fail')).toBe('wrong_state')
  })
})
