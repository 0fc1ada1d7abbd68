import { globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

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
  expect(filesWith(/\bdeps\.governedCall\(/).toSorted()).toEqual([
    'gateway/calls/answer-call.ts',
    'gateway/subscriptions/subscription.ts',
  ])
})

/** Whatever is imported, directly or not, by what stands between a client's socket and a server's. */
function importedFrom(roots: readonly string[]): ReadonlySet<string> {
  const seen = new Set(roots)
  for (const file of seen) {
    const text = sources.find((source) => source.file === file)?.text ?? ''
    for (const [, name = ''] of text.matchAll(/\b(?:from |import |import\()'([^']+)'/g)) {
      seen.add(name.startsWith('.') ? join(dirname(file), name) : name)
    }
  }
  return seen
}

// An SDK's server or client would parse and write every message anew, and drop what it does not know.
it('no SDK of the protocol is on the way of a call (MCP-3)', () => {
  const imported = importedFrom(['http/listen.ts', 'build-mcp.ts', 'open-stages.ts'])
  const ways = ['node:http', 'undici', 'gateway/governed-call.ts', 'runtime/launch/remote.ts']
  expect([...imported]).toEqual(expect.arrayContaining(ways))
  expect([...imported].filter((name) => name.startsWith('@modelcontextprotocol/'))).toEqual([])
})
