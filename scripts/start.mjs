/** `npm start [-- --demo]`: installs what is missing, then starts Peta Core. */
import { join } from 'node:path'

import { NODE_FLAGS } from './node-flags.mjs'
import { prepare } from './prepare.mjs'
import { runNode } from './run-node.mjs'
import { ROOT, runScript } from './terminal.mjs'

const args = process.argv.slice(2)

await runScript(async () => {
  const node = await prepare()
  const program = args.includes('--demo')
    ? [join(ROOT, 'apps/cli/src/main.ts'), 'start']
    : [join(ROOT, 'apps/core/src/main.ts')]
  return runNode(node, [...NODE_FLAGS, ...program, ...args])
})
