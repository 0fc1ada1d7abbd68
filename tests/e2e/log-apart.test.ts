import { isAuditEventType } from '@peta/contract'
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

import { startTestCore } from '../support/core.ts'
import { countingTools, startCountingServer } from '../support/counting-server.ts'
import { connectFreeAgent, installServer } from '../support/everything-runs.ts'
import { becomeOwner, verifiedExport } from '../support/owner.ts'

const CORE = resolve(import.meta.dirname, '../../apps/core/src')
const SECRET = 'canary-value-of-a-secret'
const ARGUMENT = 'canary-argument-of-a-call'

/** The same small day at Core under each level of the process log: what each of the two logs has of it. */
async function dayWith(level: string) {
  await using server = await startCountingServer(async () => undefined)
  await using core = await startTestCore({ env: { PETA_LOG_LEVEL: level } })
  const owner = await becomeOwner(core)
  const params = { workspace: owner.workspace }
  await owner.peta.call('secrets.create', { params, body: { name: 'kept', value: SECRET } })
  await installServer(owner, 'counter', { kind: 'http', url: server.url, allowLoopback: true })
  await using client = await connectFreeAgent(owner, core)
  await client.call(`counter__${countingTools.write}`, { key: ARGUMENT })
  const { report } = await verifiedExport(owner, core.home)
  const query = { limit: 200 }
  const { items } = await owner.peta.call('audit.list', { params, query })
  await core.stop()
  return { report, items, output: core.output() }
}

it.each(['silent', 'debug'])(
  'records everything in the audit log, and none of it in a %s process log (AUD-5)',
  async (level) => {
    const { report, items, output } = await dayWith(level)
    expect(report).toMatchObject({ verdict: 'verified' })
    const types = items.map(({ type }) => type)
    expect(types).toEqual(
      expect.arrayContaining(['secret.created', 'call.decided', 'call.sent', 'call.completed']),
    )
    expect(types.filter((type) => !isAuditEventType(type))).toEqual([])
    for (const { id, type } of items) {
      expect(output).not.toContain(id)
      expect(output).not.toContain(`"${type}"`)
    }
    for (const canary of [SECRET, ARGUMENT]) {
      expect(output).not.toContain(canary)
      expect(JSON.stringify(items)).not.toContain(canary)
    }
  },
)

it('gives the process log to no file that writes the audit log, and the library to one (AUD-5)', () => {
  const withImport = (pattern: RegExp, folder: string): readonly string[] =>
    globSync(`${folder}/*.ts`, { cwd: CORE })
      .filter((file) => !file.endsWith('.test.ts'))
      .filter((file) => pattern.test(readFileSync(join(CORE, file), 'utf8')))
  // It tells both that the clock went back, each in its own words.
  expect(withImport(/\/ground\/log\.ts'|\bconsole\b/, 'audit')).toEqual(['audit/watch-clock.ts'])
  expect(withImport(/from 'pino'/, '**')).toEqual(['ground/log.ts'])
})
