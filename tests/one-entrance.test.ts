import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { expect, it } from 'vitest'

const CORE = resolve(import.meta.dirname, '../apps/core/src')

/** Builders that stand in for a stage in the tests of a folder. */
const FOR_TESTS = /\.test\.ts$|(?:^|\/)(?:testing|fixtures)\.ts$/

const sources = globSync('**/*.ts', { cwd: CORE })
  .filter((file) => !FOR_TESTS.test(file))
  .map((file) => ({ file, text: readFileSync(join(CORE, file), 'utf8') }))

const filesWith = (pattern: RegExp): readonly string[] =>
  sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file)

// A second way to a server would need one of these. Types keep their order; this keeps their number.
it.each([
  ['a clearance is made', /\bas (?:unknown as )?CallClearance\b/, 'gateway/clear.ts'],
  ['a call is armed', /\bas (?:unknown as )?ArmedCall\b/, 'vault/inject.ts'],
  ['the stages are joined', /(?<!function )\bcreateGovernedCall\(/, 'build-mcp.ts'],
  ['the runtime’s run is taken', /\bruntime\.run\b/, 'open-stages.ts'],
  ['a call is run', /\bstages\.run\(/, 'gateway/governed-call.ts'],
  ['a client’s frame goes to a server', /\bconnection\.forward\(/, 'runtime/run.ts'],
  ['a server is asked to tell of a resource', /\bconnection\.subscribe\(/, 'runtime/run.ts'],
])('there is one place where %s (MCP-2)', (_, pattern, file) => {
  expect(filesWith(pattern)).toEqual([file])
})

it('the governed call is made use of for calls, and for subscriptions that outlast their answer (MCP-2)', () => {
  expect(filesWith(/\bdeps\.governedCall\(/)).toEqual([
    'gateway/answer-call.ts',
    'gateway/subscription.ts',
  ])
})
