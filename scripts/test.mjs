/** `npm test`: installs what the tests need, then runs everything CI runs. Ends with `N passed, N failed`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

import { npmCommand } from './npm.mjs'
import { ensurePostgres } from './postgres.mjs'
import { prepare } from './prepare.mjs'
import { runNode } from './run-node.mjs'
import { ROOT, runScript, say } from './terminal.mjs'

await runScript(async () => {
  const node = await prepare()
  ensurePostgres()
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` }

  say('npm run check: types, lint, format, dead code')
  const [npm, ...first] = npmCommand()
  const check = await runNode(npm, [...first, 'run', '--silent', 'check'], { cwd: ROOT, env })
  if (check !== 0) say('npm run check failed; the tests run all the same')

  say('vitest run')
  const tests = await runTests(node, env, process.argv.slice(2))
  const passed = tests.passed + (check === 0 ? 1 : 0)
  const failed = tests.failed + (check === 0 ? 0 : 1)
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
})

/**
 * A file that cannot be loaded holds no failed test, and a run that dies writes no report: each counts as one failure.
 *
 * @param {string} node
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} filters
 */
async function runTests(node, env, filters) {
  const folder = mkdtempSync(join(tmpdir(), 'peta-tests-'))
  const report = join(folder, 'report.json')
  try {
    const vitest = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...filters]
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const code = await runNode(node, [...vitest, ...reporters], { cwd: ROOT, env })
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
    const unloaded = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
    ).length
    const failed = numFailedTests + unloaded
    return { passed: numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed }
  } catch {
    return { passed: 0, failed: 1 } // NOTE: no readable report means vitest itself fell over; it has said why.
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
