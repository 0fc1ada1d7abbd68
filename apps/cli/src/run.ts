import { createProgram } from './program.ts'
import { createPrint } from './print.ts'
import { reportOf } from './report.ts'

/** Exit codes: 0 done, 1 refused or failed, 2 used wrongly; `audit verify` documents its own. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv)
    return Number(process.exitCode ?? 0)
  } catch (error) {
    const { exitCode, text } = reportOf(error)
    if (text) createPrint(false).say(text)
    return exitCode
  }
}
