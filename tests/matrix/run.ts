/** `npm run matrix`: every feature between every client and every server, printed as a table. */
import { REVISIONS, type Revision } from '../support/wire-client.ts'
import { FEATURES, TRANSPORTS, type Transport } from './features.ts'
import { runMatrix, type Outcome } from './matrix.ts'

const outcomes: Outcome[] = []
await runMatrix((outcome) => void outcomes.push(outcome))

const SIGNS = { ok: '+', impossible: '.', failed: 'X' }
const HEAD_WIDTH = 20

say('Across: the revision of the client, and below it that of the server.')
say(`${''.padEnd(HEAD_WIDTH)} ${REVISIONS.join('  ')}`)
const inOrder = REVISIONS.map((_, index) => index + 1).join(' ')
say(`${''.padEnd(HEAD_WIDTH)} ${REVISIONS.map(() => inOrder.padEnd(10)).join('  ')}`)
for (const { name } of FEATURES) for (const transport of TRANSPORTS) say(lineOf(name, transport))
say('\nServers: ' + REVISIONS.map((revision, index) => `${index + 1} ${revision}`).join(', '))
say('+ works, . cannot be:')
const impossible = outcomes.filter(({ verdict }) => verdict === 'impossible')
for (const reason of new Set(impossible.map((one) => one.reason))) say(`    ${reason}`)
const failed = outcomes.filter(({ verdict }) => verdict === 'failed')
for (const { client, server, transport, feature, reason } of failed) {
  say(`X ${feature}, ${client} -> ${server} by ${transport}: ${reason}`)
}
const passed = outcomes.length - impossible.length - failed.length
say(`${passed} passed, ${failed.length} failed`)
if (failed.length > 0) process.exitCode = 1

function lineOf(feature: string, transport: Transport): string {
  const cells = (client: Revision): string =>
    outcomes
      .filter((one) => one.client === client && one.feature === feature)
      .filter((one) => one.transport === transport)
      .map(({ verdict }) => SIGNS[verdict])
      .join(' ')
  const head = `${feature}, ${transport}`.padEnd(HEAD_WIDTH)
  return `${head} ${REVISIONS.map((client) => cells(client).padEnd(10)).join('  ')}`
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
