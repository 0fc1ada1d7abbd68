/**
 * `npm run fuzz -- --minutes 10 [--seed 1]`: sets the scanner against `JSON.parse` over texts that are nearly JSON, until the
 * time is over or they differ. Says the seed, and how many texts there were.
 */
import { parseArgs } from 'node:util'

import fc from 'fast-check'

import { seededRandom } from '../support/seeded-random.ts'
import { differenceOver } from './check-scan.ts'
import { mutated } from './mutate.ts'

const GENERATED = 500
const ROUND = 10_000

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
})
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const deadlineMs = Date.now() + Number(values.minutes) * 60_000
const random = seededRandom(seed)
const generated = fc
  .sample(fc.json({ maxDepth: 5 }), { numRuns: GENERATED, seed })
  .map((text) => Buffer.from(text))

let count = 0
say(`seed ${seed}, ${values.minutes} minutes`)
while (process.exitCode === undefined && Date.now() < deadlineMs) round()
say(`${count} texts, ${process.exitCode === undefined ? 'no difference' : 'a difference'}`)

function round(): void {
  for (const end = count + ROUND; count < end; count += 1) {
    const bytes = mutated(random, generated)
    const difference = differenceOver(bytes)
    if (difference === undefined) continue
    say(`text ${count}: ${difference}\n${bytes.toString('base64')}`)
    process.exitCode = 1
    return
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
