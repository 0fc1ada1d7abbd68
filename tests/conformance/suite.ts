import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { z } from 'zod'

import type { ClientUnderTest } from './under-test.ts'

export const REVISIONS = ['2026-07-28', '2025-11-25'] as const
export type Revision = (typeof REVISIONS)[number]

/** From best to worst. A check that is made more than once has the worst of its outcomes. */
const OUTCOMES = ['SUCCESS', 'INFO', 'SKIPPED', 'WARNING', 'FAILURE'] as const
export type Outcome = (typeof OUTCOMES)[number]

export type Verdict = Readonly<{
  revision: Revision
  scenario: string
  check: string
  /** The check's other name, which tells apart some that share an id. */
  name: string
  outcome: Outcome
  /** What the tool says of a check that did not pass. */
  message: string
}>

export type SuiteResult = Readonly<{
  verdicts: readonly Verdict[]
  /** By the tool's own count: whether everything that the revision requires passed. */
  conforms: boolean
  summary: string
}>

const require = createRequire(import.meta.url)
const SOURCE = '--conditions=peta-source'
const TOOL = require.resolve('@modelcontextprotocol/conformance/dist/index.js')

const Checks = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    status: z.enum(OUTCOMES),
    errorMessage: z.string().default(''),
  }),
)

/** Runs the server scenarios that a revision requires, and those it reports without counting. */
export const runServerSuite = (url: string, revision: Revision): Promise<SuiteResult> =>
  runTool(['server', '--url', url], revision)

const ADAPTER = join(import.meta.dirname, 'via-gateway.ts')

/** The same with the client scenarios: each starts a server, which `via-gateway.ts` puts behind the running Peta. */
export const runClientSuite = (
  underTest: ClientUnderTest,
  revision: Revision,
): Promise<SuiteResult> =>
  runTool(['client', '--command', `${process.execPath} ${SOURCE} ${ADAPTER}`], revision, {
    PETA_UNDER_TEST: JSON.stringify(underTest),
  })

async function runTool(
  args: readonly string[],
  revision: Revision,
  env: Readonly<Record<string, string>> = {},
): Promise<SuiteResult> {
  const folder = await mkdtemp(join(tmpdir(), 'peta-conformance-'))
  try {
    const rest = ['--requirements', revision, '-o', folder]
    const tool = spawn(process.execPath, [TOOL, ...args, ...rest], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    let output = ''
    for (const stream of [tool.stdout, tool.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    }
    await once(tool, 'close')
    const verdicts = await readVerdicts(folder, revision)
    if (verdicts.length === 0) throw new Error(`The conformance tool checked nothing:\n${output}`)
    return { verdicts, conforms: tool.exitCode === 0, summary: output.split('SUMMARY').pop() ?? '' }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function readVerdicts(folder: string, revision: Revision): Promise<readonly Verdict[]> {
  const worst = new Map<string, Verdict>()
  for (const file of await readdir(folder, { recursive: true })) {
    if (!file.endsWith('checks.json')) continue
    const [, scenario] = SCENARIO.exec(file) ?? []
    if (scenario === undefined) throw new Error(`The conformance tool left ${file} behind`)
    const text = await readFile(join(folder, file), 'utf8')
    for (const { id, name, status, errorMessage } of Checks.parse(JSON.parse(text))) {
      const key = [scenario, id, name].join('\n')
      const known = worst.get(key)
      if (known && rank(known.outcome) >= rank(status)) continue
      const place = { revision, scenario, check: id, name }
      worst.set(key, { ...place, outcome: status, message: errorMessage })
    }
  }
  return [...worst.values()]
}

/** The folder of a scenario: named after it, and when it ran. */
const SCENARIO = /^(?:server-)?(.+)-\d{4}-\d{2}-\d{2}T[\dZ-]+\/checks\.json$/

export function rank(outcome: Outcome): number {
  return OUTCOMES.indexOf(outcome)
}
