import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const require = createRequire(import.meta.url)

/** Entry files of the official servers, run by this very Node. */
export const officialServers = {
  filesystem: require.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'),
  everything: require.resolve('@modelcontextprotocol/server-everything/dist/index.js'),
} as const

/** The example API that demands a key, in a process of its own. */
export async function startNotesApi(key: string): Promise<AsyncDisposable & { url: string }> {
  const server = new URL('../../examples/notes-api/server.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=peta-source', server, '0'], {
    env: { PATH: process.env['PATH'], NOTES_API_KEY: key },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return {
    url: String(line).replace('notes-api ', ''),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** Command lines of every process of the machine: what any of its users can read. */
export async function allCommandLines(): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  )
  return lines.join('\n')
}

/** Every file below a folder, as bytes. */
export async function allFiles(folder: string): Promise<readonly (readonly [string, Buffer])[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(
    names
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name)
        return [path, await readFile(path)] as const
      }),
  )
}
