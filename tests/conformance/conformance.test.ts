import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { compare, type Comparison } from './compare.ts'
import { readExpectedFailures } from './expected-failures.ts'
import {
  REVISIONS,
  runClientSuite,
  runServerSuite,
  type SuiteResult,
  type Verdict,
} from './suite.ts'
import {
  startEverything,
  startPetaAsClient,
  startPetaBefore,
  type UnderTest,
} from './under-test.ts'

const TIME_LIMIT_MS = 240_000
const expected = readExpectedFailures()

describe('the official server suites', () => {
  const direct: SuiteResult[] = []
  const through: SuiteResult[] = []
  const parts: UnderTest[] = []
  let compared: Comparison

  beforeAll(async () => {
    const everything = await startEverything()
    parts.push(everything)
    const peta = await startPetaBefore(everything.url, 'controls')
    parts.push(peta)
    for (const revision of REVISIONS) {
      direct.push(await runServerSuite(everything.url, revision))
      through.push(await runServerSuite(peta.url, revision))
    }
    compared = compare(verdictsOf(direct), verdictsOf(through), expected.server)
  }, TIME_LIMIT_MS)

  afterAll(async () => {
    for (const part of parts.toReversed()) await part[Symbol.asyncDispose]()
  })

  it('find nothing wrong with the fixture that Peta is measured by', () => {
    expect(direct.map(({ conforms }) => conforms)).toEqual([true, true])
  })

  it('find through Peta, its controls on, what they find without, but for the listed gaps (MCP-171)', () => {
    expect(compared.rows.filter(({ verdict }) => verdict === 'differs')).toEqual([])
    expect(compared.rows.filter(({ verdict }) => verdict === 'same').length).toBeGreaterThan(200)
  })

  it('count Peta as a server that conforms to both revisions (MCP-170)', () => {
    expect(through.map(({ conforms }) => conforms)).toEqual([true, true])
  })

  it('find every listed gap, so that none stays listed once it is closed', () => {
    expect(compared.stale).toEqual([])
  })
})

describe('the official client suites, with Peta as the client (MCP-172)', () => {
  let verdicts: readonly Verdict[]
  let compared: Comparison

  beforeAll(async () => {
    await using peta = await startPetaAsClient()
    const results: SuiteResult[] = []
    for (const revision of REVISIONS) results.push(await runClientSuite(peta.underTest, revision))
    verdicts = verdictsOf(results)
    compared = compare([], verdicts, expected.client)
  }, TIME_LIMIT_MS)

  it('find nothing wrong, but for the listed gaps', () => {
    expect(compared.rows.filter(({ verdict }) => verdict === 'differs')).toEqual([])
    expect(verdicts.filter(({ outcome }) => outcome === 'SUCCESS').length).toBeGreaterThan(50)
  })

  it('find every listed gap, so that none stays listed once it is closed', () => {
    expect(compared.stale).toEqual([])
  })
})

const verdictsOf = (results: readonly SuiteResult[]): readonly Verdict[] =>
  results.flatMap(({ verdicts }) => verdicts)
