import { stat } from 'node:fs/promises'

import { verifyExport, type VerifyReport } from '@peta/proof'
import type { Command } from 'commander'
import { z } from 'zod'

import { CliError } from '../cli-error.ts'
import { collect, globals } from '../command.ts'
import { createPrint, oneLine } from '../print.ts'
import { readText } from '../read-text.ts'

type VerifyOptions = Readonly<{ checkpoint?: string[]; keys?: string }>

/** As the exit codes of `verifyExport` have it: nothing could be checked. */
const UNUSABLE = 3

/** Reads only the export and what the options name; Core need not run, and is not asked. */
export function addVerifyCommand(audit: Command): void {
  audit
    .command('verify <folder>')
    .description(
      'check an export offline; exit code 0 complete, 1 tampered, 2 incomplete, 3 unusable',
    )
    .option('--checkpoint <file>', 'a checkpoint that was kept elsewhere; may be repeated', collect)
    .option(
      '--keys <file>',
      'public keys that are trusted, as /.well-known/peta-audit-keys gives them',
    )
    .action(async (folder: string, { checkpoint, keys }: VerifyOptions, command: Command) => {
      const { json } = globals(command)
      await assertFolder(folder)
      const report = await verifyExport(folder, {
        checkpoints: await Promise.all((checkpoint ?? []).map((file) => readText(file, UNUSABLE))),
        ...(keys && { publicKeys: parseKeys(await readText(keys, UNUSABLE)) }),
      })
      assertUsable(report, folder)
      createPrint(json).result(report, reportText(report))
      process.exitCode = report.exitCode
    })
}

async function assertFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory()) return
  throw new CliError(`${folder} is no folder; give one that "peta audit export" wrote.`, {
    exitCode: UNUSABLE,
  })
}

const Keys = z.looseObject({ keys: z.array(z.looseObject({ public_key: z.base64() })).min(1) })

function parseKeys(text: string): readonly Uint8Array[] {
  try {
    return Keys.parse(JSON.parse(text)).keys.map((key) => Buffer.from(key.public_key, 'base64'))
  } catch (cause) {
    throw new CliError(
      'The file of --keys holds no keys. Give what /.well-known/peta-audit-keys answers.',
      { cause, exitCode: UNUSABLE },
    )
  }
}

function assertUsable({ verdict, problem }: VerifyReport, folder: string): void {
  if (verdict !== 'unusable') return
  const why = oneLine(problem ?? 'it is no export')
  throw new CliError(
    `${folder} cannot be checked: ${why}. Give a folder that "peta audit export" wrote.`,
    { exitCode: UNUSABLE },
  )
}

function reportText(report: VerifyReport): string {
  const logs = report.logs.map(
    ({ logId, size, provenSize, verdict, problem, firstBadIndex }) =>
      `log ${logId}: ${verdict}, ${provenSize} of ${size} entries proven` +
      `${problem ? `; ${problem}` : ''}${firstBadIndex === undefined ? '' : ` (entry ${firstBadIndex})`}`,
  )
  const open =
    report.openIntents.count > 0 ? [`${report.openIntents.count} calls without an outcome`] : []
  const unproven = report.unproven.map((text) => `not proven: ${text}`)
  return [verdictText(report), ...logs, ...open, ...unproven].map(oneLine).join('\n')
}

/** A verdict in the words of the exit codes. */
const verdictText = ({ verdict, problem }: VerifyReport): string =>
  `${verdict === 'verified' ? 'complete and unaltered' : verdict}${problem ? `: ${problem}` : ''}`
