import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { CliError } from '../cli-error.ts'

/** The demo's internal API: an MCP server of its own process that demands a key. */
export type NotesApi = AsyncDisposable & Readonly<{ url: string; key: string }>

const SERVER = fileURLToPath(new URL('../../../../examples/notes-api/server.ts', import.meta.url))

/** The same port each time, so that an installed server stays the same server after a restart. */
const DEFAULT_PORT = '7383'
const KEY_BYTES = 24

/**
 * Each start makes a new key, so none has to be kept anywhere but in Peta's vault. The API ends with its standard
 * input, and so with us, however we end.
 */
export async function startNotesApi(): Promise<NotesApi> {
  const port = process.env['PETA_DEMO_PORT'] ?? DEFAULT_PORT
  const key = Buffer.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES))).toString('base64url')
  const child = spawn(process.execPath, [SERVER, port], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], NOTES_API_KEY: key, NOTES_API_ENDS_WITH_STDIN: '1' },
  })
  const exited = once(child, 'exit')
  const firstLine = once(createInterface({ input: child.stdout }), 'line').then(([line]) =>
    String(line),
  )
  const line = await Promise.race([firstLine, exited.then(() => '')])
  if (!line.includes('http')) {
    throw new CliError(
      `The demo's notes API cannot listen on port ${port}. Stop what listens there, such as another demo, or set PETA_DEMO_PORT to a free port.`,
    )
  }
  return {
    url: line.slice(line.indexOf('http')),
    key,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
