/**
 * `npm run conformance`: runs the server suites of the official conformance tool against the fixture, then against Peta
 * in front of the fixture, and compares the two check for check. `--direct` stops after the first.
 */
import { parseArgs } from 'node:util'

import { compare, type Comparison, type Row } from './compare.ts'
import { readExpectedFailures } from './expected-failures.ts'
import { REVISIONS, runServerSuite, type SuiteResult } from './suite.ts'
import { startEverything, startPetaBefore } from './under-test.ts'

const { values } = parseArgs({ options: { direct: { type: 'boolean', default: false } } })

await using everything = await startEverything()
const direct = await runSuites('direct', everything.url)
const unfit = REVISIONS.filter((_, index) => !direct[index]?.conforms)
if (unfit.length > 0) say(`The fixture itself does not conform to ${unfit.join(', ')}.\n`)

if (values.direct) {
  end(verdictsOf(direct).filter(({ outcome }) => outcome === 'SUCCESS').length, unfit.length)
} else {
  await using peta = await startPetaBefore(everything.url)
  const through = await runSuites('through Peta', peta.url)
  const compared = compare(verdictsOf(direct), verdictsOf(through), readExpectedFailures())
  say(tableOf(compared))
  const { same, known, differs } = countsOf(compared.rows)
  say(`${known} listed in expected-failures.yml\n`)
  end(same, differs + compared.stale.length + unfit.length)
}

async function runSuites(title: string, url: string): Promise<readonly SuiteResult[]> {
  const results: SuiteResult[] = []
  for (const revision of REVISIONS) {
    const result = await runServerSuite(url, revision)
    say(`${revision} ${title}: ${result.conforms ? 'conforms' : 'does not conform'}\n`)
    results.push(result)
  }
  return results
}

function verdictsOf(results: readonly SuiteResult[]): SuiteResult['verdicts'] {
  return results.flatMap(({ verdicts }) => verdicts)
}

function tableOf({ rows, stale }: Comparison): string {
  const scenarios = Map.groupBy(rows, ({ revision, scenario }) => `${revision}  ${scenario}`)
  const lines = [...scenarios].flatMap(([title, own]) => {
    const { same, known, differs } = countsOf(own)
    const counts = [`${same} same`, known && `${known} known`, differs && `${differs} DIFFER`]
    const rest = own.filter(({ verdict }) => verdict !== 'same')
    return [`${title}: ${counts.filter(Boolean).join(', ')}`, ...rest.map(lineOf)]
  })
  const unneeded = stale.map((entry) => `expected to fail, but passes: ${entry}`)
  return ['', ...lines, '', ...unneeded, ''].join('\n')
}

function lineOf({ verdict, check, direct: left, through: right, message }: Row): string {
  return `    ${verdict.padEnd(7)} ${check}: ${left} -> ${right}  ${message.slice(0, 200)}`
}

function countsOf(rows: readonly Row[]): Record<Row['verdict'], number> {
  const count = (verdict: Row['verdict']): number =>
    rows.filter((row) => row.verdict === verdict).length
  return { same: count('same'), known: count('known'), differs: count('differs') }
}

function end(passed: number, failed: number): void {
  say(`${passed} passed, ${failed} failed\n`)
  if (failed > 0) process.exitCode = 1
}

function say(text: string): void {
  process.stdout.write(text)
}
