import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const MODULE = '../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js'
const PROGRAM = new URL(MODULE, import.meta.url).pathname
const run = promisify(execFile)

/**
 * Its command line, which connects anew for each thing it does.
 *
 * @type {import('../try.mjs').Connect}
 */
export async function connect({ url, token, era }) {
  const home = mkdtempSync(join(tmpdir(), 'inspector-'))
  const config = join(home, 'config.json')
  const headers = { Authorization: `Bearer ${token}` }
  const peta = { type: 'streamable-http', url, headers }
  writeFileSync(config, JSON.stringify({ mcpServers: { peta } }), { mode: 0o600 })
  const fixed = ['--cli', '--config', config, '--server', 'peta', '--protocol-era', era]
  /** @param {readonly string[]} args */
  const inspect = async (...args) => {
    const env = { ...process.env, HOME: home }
    const all = [PROGRAM, ...fixed, '--format', 'json', '--quiet', ...args]
    const { stdout } = await run(process.execPath, all, { env })
    return JSON.parse(stdout)
  }
  return {
    async list() {
      const { tools, result } = await inspect('--method', 'tools/list')
      return (tools ?? result.tools).map((/** @type {{ name: string }} */ { name }) => name)
    },
    call: (name, args) =>
      inspect(
        '--method',
        'tools/call',
        '--tool-name',
        name,
        '--tool-args-json',
        JSON.stringify(args),
      ),
    close: async () => rmSync(home, { recursive: true, force: true }),
  }
}
