/**
 * `npm run conformance`: runs the server suites of the official conformance tool against the fixture, then against Peta
 * in front of the fixture in each of its settings, and compares them check for check; then the client suites, with
 * Peta as the client. `--direct` stops after the first; `--only minimal`, or another setting, or `client`, runs the first
 * and that one.
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
import {
  SETTINGS,
  startEverything,
  startPetaAsClient,
  startPetaBefore,
  type Setting,
} from './under-test.ts'

const { values } = parseArgs({
  options: { direct: { type: 'boolean', default: false }, only: { type: 'string' } },
})
const isWanted = (part: string): boolean => !values.direct && (values.only ?? part) === part

await using everything = await startEverything()
const direct = await runSuites('direct', (revision) => runServerSuite(everything.url, revision))
const unfit = direct.filter(({ conforms }) => !conforms).length
if (unfit > 0) say('The fixture itself does not conform.\n')

const compared: Comparison[] = []
let successes = values.direct ? passedOf(direct) : 0
for (const setting of SETTINGS.filter(isWanted)) compared.push(await runThrough(setting))
if (isWanted('client')) compared.push(await runAsClient())

const total = countsOf(compared.flatMap(({ rows }) => rows))
const stale = compared.flatMap((one) => one.stale).length
say(`${total.known} listed as expected failures\n`)
end(successes + total.same, total.differs + stale + unfit)

async function runThrough(setting: Setting): Promise<Comparison> {
  await using peta = await startPetaBefore(everything.url, setting)
  const through = await runSuites(`through Peta, ${setting}`, (revision) =>
    runServerSuite(peta.url, revision),
  )
  const isPrefixed = setting === 'prefixed'
  const { server } = readExpectedFailures(isPrefixed ? 'expected-failures-prefixed' : undefined)
  return told(compare(verdictsOf(direct), verdictsOf(through), server))
}

async function runAsClient(): Promise<Comparison> {
  await using peta = await startPetaAsClient()
  const results = await runSuites('Peta as client', (revision) =>
    runClientSuite(peta.underTest, revision),
  )
  successes += passedOf(results)
  return told(compare([], verdictsOf(results), readExpectedFailures().client))
}

function told(comparison: Comparison): Comparison {
  say(tableOf(comparison))
  return comparison
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

function tableOf({ rows, stale: left }: Comparison): string {
  const scenarios = Map.groupBy(rows, ({ revision, scenario }) => `${revision}  ${scenario}`)
  const lines = [...scenarios].flatMap(([title, own]) => {
    const { same, known, differs } = countsOf(own)
    const counts = [`${same} same`, known && `${known} known`, differs && `${differs} DIFFER`]
    const rest = own.filter(({ verdict }) => verdict !== 'same')
    return [`${title}: ${counts.filter(Boolean).join(', ')}`, ...rest.map(lineOf)]
  })
  const unneeded = left.map((entry) => `expected to fail, but passes: ${entry}`)
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
