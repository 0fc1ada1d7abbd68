/**
 * `npm run matrix [-- sse]`: every feature between every client and every server, printed as a table; then ten thousand calls of
 * two agents across each other. `sse`, or another transport, stands for that one alone.
 */
import { REVISIONS } from '../support/wire-client.ts'
import { CLIENTS, FEATURES, TRANSPORTS, type Cell, type Transport } from './features.ts'
import { findStrayFrames } from './isolation.ts'
import { runMatrix, type Outcome } from './matrix.ts'

const outcomes: Outcome[] = []
const [, , only] = process.argv
await runMatrix(
  (outcome) => void outcomes.push(outcome),
  ({ transport }) => transport === (only ?? transport),
)

const SIGNS = { ok: '+', impossible: '.', failed: 'X' }
const HEAD_WIDTH = 20
const CALLS = 10_000

say('Across: the revision of the client, and below it that of the server.')
say(`${''.padEnd(HEAD_WIDTH)} ${REVISIONS.join('  ')}  HTTP+SSE`)
const inOrder = REVISIONS.map((_, index) => index + 1).join(' ')
say(`${''.padEnd(HEAD_WIDTH)} ${CLIENTS.map(() => inOrder.padEnd(10)).join('  ')}`)
for (const { name } of FEATURES) for (const transport of TRANSPORTS) say(lineOf(name, transport))
say('\nServers: ' + REVISIONS.map((revision, index) => `${index + 1} ${revision}`).join(', '))
say('+ works, . cannot be:')
const impossible = outcomes.filter(({ verdict }) => verdict === 'impossible')
for (const reason of new Set(impossible.map((one) => one.reason))) say(`    ${reason}`)
const failed = outcomes.filter(({ verdict }) => verdict === 'failed')
for (const { client, way, server, transport, feature, reason } of failed) {
  say(`X ${feature}, ${client} by ${way} -> ${server} by ${transport}: ${reason}`)
}
const strays = await findStrayFrames(CALLS)
say(`${CALLS} calls across each other, ${strays.length} strays`)
for (const stray of strays) say(`X ${stray}`)

const passed = outcomes.length - impossible.length - failed.length
say(`${passed} passed, ${failed.length + strays.length} failed`)
if (failed.length + strays.length > 0) process.exitCode = 1

function lineOf(feature: string, transport: Transport): string {
  const cells = ({ client, way }: Pick<Cell, 'client' | 'way'>): string =>
    outcomes
      .filter((one) => one.client === client && one.way === way && one.feature === feature)
      .filter((one) => one.transport === transport)
      .map(({ verdict }) => SIGNS[verdict])
      .join(' ')
  const head = `${feature}, ${transport}`.padEnd(HEAD_WIDTH)
  return `${head} ${CLIENTS.map((client) => cells(client).padEnd(10)).join('  ')}`
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
