import { createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import { verifyExport, type VerifyReport } from '@peta/proof'
import type { Command } from 'commander'
import { z } from 'zod'

import { CliError } from '../cli-error.ts'
import { asPerson, collect, globals } from '../command.ts'
import { createPrint, table, when } from '../print.ts'

const EXPORT_FILE = 'audit.jsonl'

/** The audit log: search it, take it away, and check it without trusting whoever made it. */
export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('the audit log')
  audit
    .command('list')
    .description('search the log, newest first')
    .option('--type <type>', 'such as call.decided')
    .option('--outcome <outcome>', 'such as denied')
    .option('--limit <number>', 'at most 200', '50')
    .action(
      asPerson<[{ type?: string; outcome?: string; limit: string }]>(
        async ({ peta, workspace, print }, { limit, ...filter }) => {
          const query = { ...filter, limit: Number(limit) }
          const { items } = await peta.call('audit.list', { params: { workspace }, query })
          const rows = items.map((entry) => [
            when(entry.at),
            entry.type,
            entry.outcome ?? '',
            targetOf(entry.event),
          ])
          print.result(items, table(['AT', 'EVENT', 'OUTCOME', 'TARGET'], rows))
        },
      ),
    )
  audit
    .command('export <folder>')
    .description('write the log to a folder, for verification elsewhere')
    .action(
      asPerson<[string]>(async ({ peta, workspace, print }, folder) => {
        const { body } = await peta.stream('audit.export', { params: { workspace }, body: {} })
        if (!body) throw new CliError('Core sent nothing.')
        await mkdir(folder, { recursive: true })
        const path = join(folder, EXPORT_FILE)
        await pipeline(body, createWriteStream(path, { mode: 0o600 }))
        print.result({ path }, `Wrote ${path}. Check it with: peta audit verify ${folder}`)
      }),
    )
  addVerifying(audit)
}

type VerifyOptions = Readonly<{ checkpoint: string[]; keys?: string }>

/** Reads only the export and what the options name; Core need not run, and is not asked. */
function addVerifying(audit: Command): void {
  audit
    .command('verify <folder>')
    .description(
      'check an export offline; exit code 0 complete, 1 tampered, 2 incomplete, 3 unusable',
    )
    .option('--checkpoint <file>', 'a checkpoint that was kept elsewhere', collect, [])
    .option(
      '--keys <file>',
      'public keys that are trusted, as /.well-known/peta-audit-keys gives them',
    )
    .action(async (folder: string, { checkpoint, keys }: VerifyOptions, command: Command) => {
      const report = await verifyExport(folder, {
        checkpoints: await Promise.all(checkpoint.map(readText)),
        ...(keys && { publicKeys: parseKeys(await readText(keys)) }),
      })
      createPrint(globals(command).json).result(report, reportText(report))
      process.exitCode = report.exitCode
    })
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CliError(`${file} cannot be read.`, { cause, exitCode: 3 })
  }
}

const Keys = z.looseObject({ keys: z.array(z.looseObject({ public_key: z.base64() })).min(1) })

function parseKeys(text: string): readonly Uint8Array[] {
  try {
    return Keys.parse(JSON.parse(text)).keys.map((key) => Buffer.from(key.public_key, 'base64'))
  } catch (cause) {
    throw new CliError('The key file holds no keys.', { cause, exitCode: 3 })
  }
}

function targetOf(event: unknown): string {
  const target =
    typeof event === 'object' && event !== null && 'target' in event ? event.target : undefined
  const hasName = typeof target === 'object' && target !== null && 'name' in target
  return hasName && typeof target.name === 'string' ? target.name : ''
}

function reportText(report: VerifyReport): string {
  const logs = report.logs.map((log) => JSON.stringify(log)).join('\n')
  return [verdictText(report), logs, ...report.unproven.map((text) => `not proven: ${text}`)].join(
    '\n',
  )
}

/** A verdict in the words of the exit codes. */
const verdictText = ({ verdict, problem }: VerifyReport): string =>
  `${verdict === 'verified' ? 'complete and unaltered' : verdict}${problem ? `: ${problem}` : ''}`
