#!/usr/bin/env node
import { createProgram } from './program.ts'
import { createPrint } from './print.ts'
import { reportOf } from './report.ts'

/** Exit codes: 0 done, 1 refused or failed, 2 used wrongly; `audit verify` documents its own. */
async function main(argv: readonly string[]): Promise<number> {
  // Whoever reads a pipe may stop reading: `peta audit list | head`.
  process.stdout.on('error', () => process.exit())
  try {
    await createProgram().parseAsync(argv)
    return Number(process.exitCode ?? 0)
  } catch (error) {
    const { exitCode, text } = reportOf(error)
    if (text) createPrint(false).say(text)
    return exitCode
  }
}

process.exitCode = await main(process.argv)
