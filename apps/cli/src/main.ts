#!/usr/bin/env node
import { PetaError } from '@peta/sdk'
import { Command, CommanderError } from 'commander'

import { CliError } from './cli-error.ts'
import { addAgentCommands } from './commands/agents.ts'
import { addApprovalCommands } from './commands/approvals.ts'
import { addAuditCommands } from './commands/audit.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addPolicyCommands } from './commands/policy.ts'
import { addSecretCommands } from './commands/secrets.ts'
import { addServerCommands } from './commands/servers.ts'
import { addSessionCommands } from './commands/session.ts'
import { addStartCommand } from './commands/start.ts'
import { printable } from './print.ts'

/** Exit codes: 0 done, 1 refused or failed, 2 used wrongly; `audit verify` and `doctor` document their own. */
async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('peta')
    .description('Peta: control plane for MCP')
    .option('--core <url>', 'address of Core')
    .option('--json', 'print results as JSON')
    .exitOverride()
  addStartCommand(program)
  addSessionCommands(program)
  addDoctorCommand(program)
  addServerCommands(program)
  addSecretCommands(program)
  addAgentCommands(program)
  addPolicyCommands(program)
  addApprovalCommands(program)
  addAuditCommands(program)
  try {
    await program.parseAsync(argv)
    return Number(process.exitCode ?? 0)
  } catch (error) {
    return report(error)
  }
}

/** One sentence for a person; no stack, no cause: those may hold what a server or a file said. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const isExpected = error instanceof CliError || error instanceof PetaError
  const text = isExpected ? error.message : `Unexpected: ${String(error)}`
  process.stderr.write(`${printable(text)}\n`)
  return error instanceof CliError ? error.exitCode : 1
}

process.exitCode = await main(process.argv)
