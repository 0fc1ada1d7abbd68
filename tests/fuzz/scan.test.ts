import fc from 'fast-check'
import { expect, it } from 'vitest'

import { seededRandom } from '../support/seeded-random.ts'
import { differenceOver } from './check-scan.ts'
import { mutated } from './mutate.ts'

const COUNT = 20_000

/** A new one for each run; the title says it, so that what failed can be run again. */
const seed = Number(process.env['PETA_FUZZ_SEED'] ?? Date.now() % 2 ** 31)

const names = fc.constantFrom('id', 'method', 'params', 'name', 'uri', '_meta', 'arguments', 'Id')
const messages = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    fc.jsonValue({ maxDepth: 2 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(names, fc.string()), tie('value'), { maxKeys: 5 }),
  ),
})).value

it(`reads every message as JSON.parse does (MCP-173), seed ${seed}`, () => {
  fc.assert(
    fc.property(messages, fc.nat({ max: 2 }), (value, indent) => {
      const bytes = Buffer.from(JSON.stringify(value, null, indent))
      expect(differenceOver(bytes)).toBeUndefined()
    }),
    { numRuns: 2000, seed },
  )
})

it(`reads what is nearly JSON as JSON.parse does (MCP-90, MCP-173), ${COUNT} texts, seed ${seed}`, () => {
  const random = seededRandom(seed)
  const texts = Array.from({ length: COUNT }, () => mutated(random))
  const differing = texts.flatMap((bytes) => {
    const difference = differenceOver(bytes)
    return difference === undefined ? [] : [{ difference, base64: bytes.toString('base64') }]
  })
  expect(differing).toEqual([])
})
