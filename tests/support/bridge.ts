import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const CLI = new URL('../../apps/cli/src/main.ts', import.meta.url).pathname

/** How a client starts the bridge. */
export const bridgeCommand = (args: readonly string[] = []) => ({
  command: process.execPath,
  args: ['--conditions=peta-source', CLI, 'bridge', ...args],
})

/** A bridge of its own, on pipes, spoken to in lines. */
export type TestBridge = AsyncDisposable &
  Readonly<{
    send: (message: unknown) => void
    sendLine: (line: string) => void
    /** The next line, as text. */
    nextLine: () => Promise<string>
    // oxlint-disable-next-line typescript/no-explicit-any -- what a test expects of it is checked by the test
    next: () => Promise<any>
    stderr: () => string
    /** Ends the input; resolves with the exit code and the lines that were still to come. */
    end: () => Promise<Readonly<{ code: number | null; rest: readonly string[] }>>
  }>

export function startBridge(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): TestBridge {
  const launch = bridgeCommand(args)
  const child = spawn(launch.command, launch.args, { env })
  const exited = once(child, 'close')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let stderr = ''
  child.stderr.on('data', (chunk) => (stderr += String(chunk)))
  child.stdin.on('error', () => undefined)
  const sendLine = (line: string): void => void child.stdin.write(`${line}\n`)

  async function nextLine(): Promise<string> {
    const { value, done } = await lines.next()
    if (done) throw new Error(`the bridge has ended\n${stderr}`)
    return value
  }
  return {
    send: (message) => sendLine(JSON.stringify(message)),
    sendLine,
    nextLine,
    next: async () => JSON.parse(await nextLine()),
    stderr: () => stderr,
    async end() {
      child.stdin.end()
      const rest: string[] = []
      for (let line = await lines.next(); !line.done; line = await lines.next()) {
        rest.push(line.value)
      }
      await exited
      return { code: child.exitCode, rest }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
