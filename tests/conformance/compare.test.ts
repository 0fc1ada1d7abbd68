import { expect, it } from 'vitest'

import { compare } from './compare.ts'
import type { Outcome, Verdict } from './suite.ts'

const verdict = (outcome: Outcome, check = 'ping'): Verdict => ({
  revision: '2026-07-28',
  scenario: 'plumbing',
  check,
  name: check,
  outcome,
  message: '',
})

const verdictsOf = (direct: Verdict[], through: Verdict[], expected: readonly string[] = []) =>
  compare(direct, through, expected).rows.map((row) => row.verdict)

it.each(['INFO', 'SKIPPED', 'WARNING', 'FAILURE'] as const)(
  'counts a check that passes directly and ends as %s through Peta as a difference',
  (outcome) => {
    expect(verdictsOf([verdict('SUCCESS')], [verdict(outcome)])).toEqual(['differs'])
  },
)

it('counts a check that is never reached through Peta as a difference', () => {
  expect(verdictsOf([verdict('SUCCESS')], [])).toEqual(['differs'])
})

it('counts a failure that only occurs through Peta as a difference', () => {
  expect(verdictsOf([], [verdict('FAILURE')])).toEqual(['differs'])
  expect(verdictsOf([verdict('WARNING')], [verdict('FAILURE')])).toEqual(['differs'])
})

it('takes no credit for what the fixture itself does not pass', () => {
  const all = (['FAILURE', 'SKIPPED', 'INFO'] as const).map((outcome) => verdict(outcome, outcome))
  expect(verdictsOf(all, all)).toEqual([])
  expect(verdictsOf([verdict('SUCCESS')], [verdict('SUCCESS')])).toEqual(['same'])
})

it('excuses only what is listed, by scenario or by check', () => {
  const direct = [verdict('SUCCESS', 'one'), verdict('SUCCESS', 'two')]
  const through = [verdict('FAILURE', 'one'), verdict('FAILURE', 'two')]
  expect(verdictsOf(direct, through, ['plumbing'])).toEqual(['known', 'known'])
  expect(verdictsOf(direct, through, ['plumbing:two'])).toEqual(['differs', 'known'])
})

it('calls an entry stale when nothing that it names differs', () => {
  const same = [verdict('SUCCESS')]
  expect(compare(same, same, ['plumbing', 'other:check']).stale).toEqual([
    'plumbing',
    'other:check',
  ])
})
