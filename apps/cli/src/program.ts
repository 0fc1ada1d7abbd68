import { Command } from 'commander'

import { addAgentCommands } from './commands/agents.ts'
import { addApprovalCommands } from './commands/approvals.ts'
import { addAuditCommands } from './commands/audit.ts'
import { addBridgeCommand } from './commands/bridge.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addPolicyCommands } from './commands/policy.ts'
import { addProfileCommands } from './commands/profiles.ts'
import { addSecretCommands } from './commands/secrets.ts'
import { addServerCommands } from './commands/servers.ts'
import { addSessionCommands } from './commands/session.ts'
import { addStartCommand } from './commands/start.ts'
import { addTokenCommands } from './commands/tokens.ts'
import { examples } from './examples.ts'
import { printable } from './print.ts'
import { pathOf, usageText } from './usage-text.ts'

const VERSION = '0.1.0'

const AFTER = `
Begin with:
  peta start --demo      a workspace that works, to look around in
  peta login             sign in as the owner, on the host
  peta <command> --help  what a command takes
In a clone of Peta, instead of peta: npm run peta --

Exit codes: 0 done, 1 refused or failed, 2 used wrongly; "audit verify" has its own.`

/** Every command of `peta`. */
export function createProgram(): Command {
  const program = new Command('peta')
    .description('Peta: control plane for MCP')
    .version(VERSION)
    .option(
      '--core <url>',
      'address of Core (default: PETA_URL, or where you are signed in, or http://127.0.0.1:7382)',
    )
    .option('--json', 'print results as JSON')
    .addHelpText('after', AFTER)
    .exitOverride()
  addStartCommand(program)
  addSessionCommands(program)
  addDoctorCommand(program)
  addServerCommands(program)
  addSecretCommands(program)
  addProfileCommands(program)
  addAgentCommands(program)
  addTokenCommands(program)
  addBridgeCommand(program)
  addPolicyCommands(program)
  addApprovalCommands(program)
  addAuditCommands(program)
  dress(program)
  return program
}

/** Commander's complaints in one line, and examples in its help. */
function dress(command: Command): void {
  command.configureOutput({
    outputError: (text, write) => write(`${printable(usageText(text, command))}\n`),
  })
  const shown = examples[pathOf(command).replace('peta ', '')]
  if (shown) command.addHelpText('after', `\nFor example:\n${shown.map(indented).join('\n')}`)
  command.commands.forEach(dress)
}

const indented = (line: string): string => `  ${line}`
