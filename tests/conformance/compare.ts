import { rank, type Outcome, type Verdict } from './suite.ts'

export type Row = Readonly<{
  revision: string
  scenario: string
  check: string
  direct: Outcome | 'absent'
  through: Outcome | 'absent'
  /** `known`: differs, and the list of expected failures says so. */
  verdict: 'same' | 'known' | 'differs'
  message: string
  expectedBy?: string
}>

export type Comparison = Readonly<{
  rows: readonly Row[]
  /** Expected failures that did not occur: the list must shrink with the product's gaps. */
  stale: readonly string[]
}>

/**
 * Holds two runs of the same suites against each other, check for check. What the fixture itself does not pass says
 * nothing about what stands in front of it and is left out, unless it gets worse.
 */
export function compare(
  direct: readonly Verdict[],
  through: readonly Verdict[],
  expected: readonly string[],
): Comparison {
  const pairs = new Map<string, Pair>()
  for (const verdict of direct) pairs.set(keyOf(verdict), { named: verdict, direct: verdict })
  for (const verdict of through) {
    const key = keyOf(verdict)
    pairs.set(key, { named: verdict, ...pairs.get(key), through: verdict })
  }
  const rows = [...pairs.values()].filter(says).map((pair) => rowOf(pair, expected))
  const known = new Set(rows.map(({ expectedBy }) => expectedBy))
  return { rows, stale: expected.filter((entry) => !known.has(entry)) }
}

type Pair = Readonly<{ named: Verdict; direct?: Verdict; through?: Verdict }>

function says({ direct, through }: Pair): boolean {
  if (direct?.outcome === 'SUCCESS') return true
  return through !== undefined && rank(through.outcome) > rank(direct?.outcome ?? 'SKIPPED')
}

function rowOf({ named, direct, through }: Pair, expected: readonly string[]): Row {
  const { revision, scenario, check } = named
  const place = {
    revision,
    scenario,
    check,
    direct: direct?.outcome ?? ('absent' as const),
    through: through?.outcome ?? ('absent' as const),
  }
  if (place.direct === place.through) return { ...place, verdict: 'same', message: '' }
  const message = through?.message ?? 'the check was not reached'
  const expectedBy = expected.find((entry) => [scenario, `${scenario}:${check}`].includes(entry))
  if (expectedBy === undefined) return { ...place, verdict: 'differs', message }
  return { ...place, verdict: 'known', message, expectedBy }
}

function keyOf({ revision, scenario, check, name }: Verdict): string {
  return [revision, scenario, check, name].join('\n')
}
