import type { Command } from 'commander'

import { globals } from '../command.ts'
import { startCore } from '../core-process.ts'
import { seedDemo } from '../demo/seed.ts'
import { startNotesApi } from '../demo/notes-api.ts'
import { createPrint } from '../print.ts'

/** Runs Core in the foreground, with a demonstration workspace when asked. */
export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('start Core here')
    .option('--demo', 'also make a workspace that shows Peta at work')
    .action(async (options: { demo?: true }, command: Command) => {
      process.exitCode = options.demo
        ? await runDemo(globals(command).url)
        : await startCore().ended
    })
}

async function runDemo(url: string): Promise<number> {
  const print = createPrint(false)
  const core = startCore()
  await core.ready(url)
  try {
    await using notes = await startNotesApi()
    print.say(await seedDemo(url, notes))
    return await core.ended
  } catch (error) {
    core.stop()
    await core.ended
    throw error
  }
}
