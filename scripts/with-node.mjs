/** `node scripts/with-node.mjs <file> [args]`: installs what is missing, then runs a TypeScript file. */
import { resolve } from 'node:path'

import { NODE_FLAGS } from './node-flags.mjs'
import { prepare } from './prepare.mjs'
import { runNode } from './run-node.mjs'
import { runScript, SetupError } from './terminal.mjs'

const [file, ...args] = process.argv.slice(2)

await runScript(async () => {
  if (!file) throw new SetupError('say which file to run: node scripts/with-node.mjs <file> [args]')
  const node = await prepare({ quiet: true })
  return runNode(node, [...NODE_FLAGS, resolve(file), ...args])
})
