import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { CliError } from '../cli-error.ts'

/** The demo's internal API: an MCP server of its own process that demands a key. */
export type NotesApi = AsyncDisposable & Readonly<{ url: string; key: string }>

const SERVER = fileURLToPath(new URL('../../../../examples/notes-api/server.ts', import.meta.url))

/** The same port each time, so that an installed server stays the same server after a restart. */
const PORT = process.env['PETA_DEMO_PORT'] ?? '7383'
const KEY_BYTES = 24

/** Each start makes a new key, so none has to be kept anywhere but in Peta's vault. */
export async function startNotesApi(): Promise<NotesApi> {
  const key = Buffer.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES))).toString('base64url')
  const child = spawn(process.execPath, [SERVER, PORT], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], NOTES_API_KEY: key },
  })
  const exited = once(child, 'exit')
  const firstLine = once(createInterface({ input: child.stdout }), 'line').then(([line]) =>
    String(line),
  )
  const url = await Promise.race([firstLine, exited.then(() => '')])
  if (!url)
    throw new CliError(
      `The demo's notes API did not start. Is port ${PORT} taken? Set PETA_DEMO_PORT.`,
    )
  return {
    url: url.slice(url.indexOf('http')),
    key,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
