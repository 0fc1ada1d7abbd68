import type { Command } from 'commander'

import { createChecks } from '../doctor/checks.ts'
import { globals } from '../command.ts'
import { createPrint, table } from '../print.ts'
import { signedInUrl } from '../session.ts'

/** Looks at this host and at Core; exit code 1 when anything failed. It prints no secret and changes nothing. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check this host and the running Core; exit code 1 when a check fails')
    .action(async (_options, command: Command) => {
      const { chosen, url, json } = globals(command)
      const checks = await createChecks(chosen ?? (await signedInUrl()) ?? url)
      const rows = checks.map(({ state, name, evidence, fix = '' }) => [state, name, evidence, fix])
      createPrint(json).result(checks, table(['STATE', 'CHECK', 'EVIDENCE', 'FIX'], rows))
      if (checks.some(({ state }) => state === 'failed')) process.exitCode = 1
    })
}
