import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { compare, type Comparison } from './compare.ts'
import { readExpectedFailures } from './expected-failures.ts'
import { REVISIONS, runServerSuite, type SuiteResult, type Verdict } from './suite.ts'
import { startEverything, startPetaBefore, type UnderTest } from './under-test.ts'

const TIME_LIMIT_MS = 240_000

describe('the official server suites', () => {
  const direct: SuiteResult[] = []
  const through: SuiteResult[] = []
  const parts: UnderTest[] = []
  let compared: Comparison

  beforeAll(async () => {
    const everything = await startEverything()
    parts.push(everything)
    const peta = await startPetaBefore(everything.url)
    parts.push(peta)
    for (const revision of REVISIONS) {
      direct.push(await runServerSuite(everything.url, revision))
      through.push(await runServerSuite(peta.url, revision))
    }
    compared = compare(verdictsOf(direct), verdictsOf(through), readExpectedFailures())
  }, TIME_LIMIT_MS)

  afterAll(async () => {
    for (const part of parts.toReversed()) await part[Symbol.asyncDispose]()
  })

  it('find nothing wrong with the fixture that Peta is measured by', () => {
    expect(direct.map(({ conforms }) => conforms)).toEqual([true, true])
  })

  it('find through Peta what they find without, but for the listed gaps', () => {
    expect(compared.rows.filter(({ verdict }) => verdict === 'differs')).toEqual([])
    expect(compared.rows.filter(({ verdict }) => verdict === 'same').length).toBeGreaterThan(200)
  })

  it('find every listed gap, so that none stays listed once it is closed', () => {
    expect(compared.stale).toEqual([])
  })
})

const verdictsOf = (results: readonly SuiteResult[]): readonly Verdict[] =>
  results.flatMap(({ verdicts }) => verdicts)
