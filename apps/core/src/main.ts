import { parseConfig } from './config/config.ts'
import { readEnv } from './config/env.ts'
import { startCore } from './core.ts'
import { fillRemedy } from './http/problem.ts'
import { isCoreError } from './ground/errors.ts'
import { problems } from '@peta/contract'

const EXIT_FAILED = 1
/** As sysexits has it for I/O errors. */
const EXIT_IO = 74

/** Starts Core, says where it is, waits to be told to stop, and stops. */
async function main(): Promise<void> {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stopping.abort(signal))
  }
  const failed = (): void => {
    process.exitCode = EXIT_IO
    stopping.abort('the database file failed')
  }
  await using core = await startCore(parseConfig(readEnv()), {}, failed)
  process.stdout.write(`Peta listens on ${core.url}\n`)
  const link = await core.setupLink()
  if (link) process.stdout.write(setupText(link))
  if (stopping.signal.aborted) return
  const stopped = Promise.withResolvers<void>()
  stopping.signal.addEventListener('abort', () => stopped.resolve())
  // Listeners alone do not keep a process alive; the open port does.
  await stopped.promise
}

const setupText = (link: string): string =>
  `\nPeta has no owner yet. Within 30 minutes, make one with this link, once:\n\n  ${link}\n\n` +
  `  npm run peta -- setup --email you@example.com --name "Your name"\n\n`

/** One sentence for whoever starts Core; the stack only for what nobody expected. */
function explain(error: unknown): string {
  if (!isCoreError(error)) return error instanceof Error ? String(error.stack) : String(error)
  const { title, remedy } = problems[error.code]
  return `${title}. ${fillRemedy(remedy, error.facts)}`
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = EXIT_FAILED
}
