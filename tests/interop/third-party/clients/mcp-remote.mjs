import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

const PROGRAM = new URL('../node_modules/mcp-remote/dist/proxy.js', import.meta.url).pathname

/**
 * A bridge from stdio, with an official client before it.
 *
 * @type {import('../try.mjs').Connect}
 */
export async function connect({ url, token, era }) {
  const home = mkdtempSync(join(tmpdir(), 'mcp-remote-'))
  const file = join(home, 'headers.txt')
  writeFileSync(file, `Authorization: Bearer ${token}\n`, { mode: 0o600 })
  const protocol = era === 'modern' ? 'auto' : 'legacy'
  const options = ['--header-file', file, '--transport', 'http-only', '--protocol', protocol]
  const client = new Client({ name: 'interop', version: '1.0.0' })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [PROGRAM, url, ...options],
    env: { HOME: home, PATH: process.env.PATH ?? '', MCP_REMOTE_CONFIG_DIR: home },
    stderr: 'ignore',
  })
  await client.connect(transport)
  return {
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args) => client.callTool({ name, arguments: args }),
    async close() {
      await client.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
