import { createWriteStream } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import {
  auditOutcomes,
  isAuditEventType,
  type AuditEventType,
  type AuditOutcome,
} from '@peta/contract'
import { Option, type Command } from 'commander'
import { z } from 'zod'

import { CliError } from '../cli-error.ts'
import { asPerson, wholeNumber } from '../command.ts'
import { oneLine, table, when } from '../print.ts'
import { addVerifyCommand } from './verify.ts'

type ListOptions = Readonly<{
  type?: string
  outcome?: AuditOutcome
  limit: number
  cursor?: string
}>

const EXPORT_FILE = 'audit.jsonl'
const LIMIT = 50

/** The audit log: search it, take it away, and check it without trusting whoever made it. */
export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('the audit log')
  audit
    .command('list')
    .description('search the log, newest first')
    .option('--type <type>', 'such as call.decided')
    .addOption(new Option('--outcome <outcome>', 'how it ended').choices(auditOutcomes))
    .option('--limit <number>', 'at most 200', wholeNumber, LIMIT)
    .option('--cursor <cursor>', 'go on where a page ended')
    .action(
      asPerson<[ListOptions]>(async ({ peta, workspace, print }, { type, ...filter }) => {
        const query = { ...filter, ...(type !== undefined && { type: parseType(type) }) }
        const { items, next } = await peta.call('audit.list', { params: { workspace }, query })
        const rows = items.map(({ at, type: name, outcome = '', event }) => {
          const { actor, agent, target } = Entry.parse(event)
          return [when(at), name, outcome, actor?.user_id ?? agent?.id ?? '', target?.name ?? '']
        })
        print.result(items, table(['AT', 'EVENT', 'OUTCOME', 'BY', 'TARGET'], rows))
        if (next !== undefined) print.say(`There are more: add --cursor ${next}`)
      }),
    )
  audit
    .command('export <folder>')
    .description('write the log to a folder, for verification elsewhere')
    .action(
      asPerson<[string]>(async ({ peta, workspace, print }, folder) => {
        const { body } = await peta.stream('audit.export', { params: { workspace }, body: {} })
        if (!body) throw new CliError('Core sent nothing.')
        const path = await writeExport(folder, body)
        print.result({ path }, `Wrote ${path}. Check it with: peta audit verify ${folder}`)
      }),
    )
  addVerifyCommand(audit)
}

const Named = z.looseObject({ name: z.string().optional() }).optional()
const Entry = z.looseObject({
  actor: z.looseObject({ user_id: z.string().optional() }).optional(),
  agent: z.looseObject({ id: z.string().optional() }).optional(),
  target: Named,
})

/** Half an export never stands under the name of a whole one. */
async function writeExport(folder: string, body: ReadableStream<Uint8Array>): Promise<string> {
  const path = join(folder, EXPORT_FILE)
  try {
    await mkdir(folder, { recursive: true })
    await pipeline(body, createWriteStream(`${path}.part`, { mode: 0o600 }))
    await rename(`${path}.part`, path)
    return path
  } catch (cause) {
    throw new CliError(
      `The export could not be written to ${folder}. Is it a folder that you may write to, and is Core still there?`,
      { cause },
    )
  }
}

function parseType(text: string): AuditEventType {
  if (isAuditEventType(text)) return text
  throw new CliError(
    `There is no event "${oneLine(text)}". See docs/reference/audit-events.md for those there are.`,
    { exitCode: 2 },
  )
}
