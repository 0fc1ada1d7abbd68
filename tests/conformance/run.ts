/**
 * `npm run conformance`: runs the server suites of the official conformance tool against the fixture, then against Peta
 * in front of the fixture, and compares the two check for check; then the client suites, with Peta as the client.
 * `--direct` stops after the first.
 */
import { parseArgs } from 'node:util'

import { compare, type Comparison, type Row } from './compare.ts'
import { readExpectedFailures } from './expected-failures.ts'
import {
  REVISIONS,
  runClientSuite,
  runServerSuite,
  type Revision,
  type SuiteResult,
} from './suite.ts'
import { startEverything, startPetaAsClient, startPetaBefore } from './under-test.ts'

const { values } = parseArgs({ options: { direct: { type: 'boolean', default: false } } })
const expected = readExpectedFailures()

await using everything = await startEverything()
const direct = await runSuites('direct', (revision) => runServerSuite(everything.url, revision))
const unfit = direct.filter(({ conforms }) => !conforms).length
if (unfit > 0) say('The fixture itself does not conform.\n')

if (values.direct) {
  end(passedOf(direct), unfit)
} else {
  const { through, asClient } = { through: await runThrough(), asClient: await runAsClient() }
  const compared = [
    compare(verdictsOf(direct), verdictsOf(through), expected.server),
    compare([], verdictsOf(asClient), expected.client),
  ]
  for (const one of compared) say(tableOf(one))
  const { same, known, differs } = countsOf(compared.flatMap(({ rows }) => rows))
  const stale = compared.flatMap((one) => one.stale).length
  say(`${known} listed in expected-failures.yml\n`)
  end(same + passedOf(asClient), differs + stale + unfit)
}

async function runThrough(): Promise<readonly SuiteResult[]> {
  await using peta = await startPetaBefore(everything.url)
  return await runSuites('through Peta', (revision) => runServerSuite(peta.url, revision))
}

async function runAsClient(): Promise<readonly SuiteResult[]> {
  await using peta = await startPetaAsClient()
  return await runSuites('Peta as client', (revision) => runClientSuite(peta.underTest, revision))
}

async function runSuites(
  title: string,
  run: (revision: Revision) => Promise<SuiteResult>,
): Promise<readonly SuiteResult[]> {
  const results: SuiteResult[] = []
  for (const revision of REVISIONS) {
    const result = await run(revision)
    say(`${revision} ${title}: ${result.conforms ? 'conforms' : 'does not conform'}\n`)
    results.push(result)
  }
  return results
}

function passedOf(results: readonly SuiteResult[]): number {
  return verdictsOf(results).filter(({ outcome }) => outcome === 'SUCCESS').length
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
