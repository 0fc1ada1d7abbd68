import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { startCore, type CoreProcess } from '../core-process.ts'
import { startNotesApi, type NotesApi } from '../demo/notes-api.ts'
import { seedDemo } from '../demo/seed.ts'
import { createPrint } from '../print.ts'

/** Runs Core in the foreground, with a demonstration workspace when asked. */
export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('start Core here, in the foreground, on 127.0.0.1:7382 unless PETA_PORT says else')
    .option('--demo', 'also make a workspace that shows Peta at work')
    .action(async (options: { demo?: true }, command: Command) => {
      if (command.optsWithGlobals<{ core?: string }>().core !== undefined) {
        throw new CliError(
          '"peta start" runs Core on this host. Set PETA_PORT instead of giving --core.',
          {
            exitCode: 2,
          },
        )
      }
      process.exitCode = options.demo ? await runDemo() : await startCore('own').ended
    })
}

/** The notes API first: when its port is taken, nothing has begun yet. */
async function runDemo(): Promise<number> {
  await using notes = await startNotesApi()
  const core = startCore('quiet')
  const seeded = seedWhenUp(core, notes).catch((error: unknown) => {
    core.stop()
    return error instanceof Error ? error : new Error('the demo was not made', { cause: error })
  })
  const failure = await Promise.race([seeded, core.ended.then(() => undefined)])
  const exitCode = await core.ended
  if (failure && exitCode === 0) throw failure
  return exitCode
}

/** Resolves with nothing, also when somebody stopped Core meanwhile: then its silence is no failure. */
async function seedWhenUp(core: CoreProcess, notes: NotesApi): Promise<undefined> {
  const url = await core.listening
  const print = createPrint(false)
  print.say(`Peta listens on ${url}. Making the demo workspace …`)
  try {
    print.say(await seedDemo(url, notes))
  } catch (error) {
    if (!core.isStopping()) throw error
  }
}
