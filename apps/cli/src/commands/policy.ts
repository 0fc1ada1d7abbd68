import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, orAbsent, wholeNumber } from '../command.ts'
import { problemLines } from '../policy-problems.ts'
import { oneLine, table, when } from '../print.ts'
import { readText } from '../read-text.ts'
import { agentParams } from './agents.ts'

type PublishOptions = Readonly<{ base?: number; reason?: string }>

/** Rules, as YAML files. */
export function addPolicyCommands(program: Command): void {
  const policy = program.command('policy').description('rules: allow, require_approval, deny')
  addReading(policy)
  addPublishing(policy)
  policy
    .command('explain <agent> <tool>')
    .description('what the rules say to a call, and why; the tool by the name agents see')
    .option('--args <json>', 'arguments of the call', '{}')
    .action(
      asPerson<[string, string, { args: string }]>(async (context, agent, tool, { args }) => {
        const { peta, workspace, print } = context
        const given = parseArguments(args)
        const { agent: agentId } = await agentParams(context, agent)
        const body = { agentId, tool, args: given }
        const explained = await orAbsent(
          `accepted tool "${oneLine(tool)}". Give the name that agents see, such as files__read_text_file`,
          peta.call('policy.explain', { params: { workspace }, body }),
        )
        const rows = explained.matched.map((hit) => [
          hit.rule,
          hit.effect,
          hit.errored ? 'condition failed' : '',
        ])
        const verdict = `${explained.effect} (${explained.reason}, version ${explained.policyVersion})`
        print.result(explained, `${verdict}\n${table(['RULE', 'EFFECT', ''], rows)}`)
      }),
    )
}

function addReading(policy: Command): void {
  policy
    .command('show [version]')
    .description('print the rules as YAML: the active version, or the one given')
    .action(
      asPerson<[string | undefined]>(async ({ peta, workspace, print }, version) => {
        const shown =
          version !== undefined
            ? await orAbsent(
                absentVersion(version),
                peta.call('policy.read', { params: { workspace, version } }),
              )
            : await peta.call('policy.active', { params: { workspace } })
        print.say(`version ${shown.version}`)
        print.result(shown, shown.source.trimEnd())
      }),
    )
  policy
    .command('versions')
    .description('list versions, newest first; * is the active one')
    .option('--cursor <cursor>', 'go on where a page ended')
    .action(
      asPerson<[{ cursor?: string }]>(async ({ peta, workspace, print }, query) => {
        const { items, next } = await peta.call('policy.versions', { params: { workspace }, query })
        const rows = items.map((v) => [
          `${v.version}${v.active ? ' *' : ''}`,
          when(v.publishedAt),
          v.author,
          v.reason,
        ])
        print.result(items, table(['VERSION', 'PUBLISHED', 'BY', 'REASON'], rows))
        if (next !== undefined) print.say(`There are more: add --cursor ${next}`)
      }),
    )
  addDiff(policy)
}

function addDiff(policy: Command): void {
  policy
    .command('diff <version> <other>')
    .description('what differs between two versions')
    .action(
      asPerson<[string, string]>(async ({ peta, workspace, print }, version, other) => {
        const comparing = peta.call('policy.diff', { params: { workspace, version, other } })
        const diff = await orAbsent(
          'such pair of versions. List them with: peta policy versions',
          comparing,
        )
        const rows = [
          ...diff.added.map((rule) => ['added', rule, '']),
          ...diff.removed.map((rule) => ['removed', rule, '']),
          ...diff.changed.map(({ rule, fields }) => ['changed', rule, fields.join(', ')]),
          ...diff.vars.map((name) => ['changed', `vars.${name}`, '']),
        ]
        print.result(diff, table(['', 'RULE', 'FIELDS'], rows))
      }),
    )
}

function addPublishing(policy: Command): void {
  policy
    .command('check <file>')
    .description(
      'check rules without publishing them; exit code 1 when they could not be published',
    )
    .action(
      asPerson<[string]>(async ({ peta, workspace, print }, file) => {
        const body = { source: await readText(file) }
        const report = await peta.call('policy.check', { params: { workspace }, body })
        print.result(report, problemLines(report.problems).join('\n') || 'No problems.')
        if (!report.publishable) throw new CliError('These rules cannot be published.')
      }),
    )
  policy
    .command('publish <file>')
    .description('publish rules as the next version')
    .option(
      '--base <version>',
      'the version they were written on (default: the active one)',
      wholeNumber,
    )
    .option('--reason <text>', 'why')
    .action(
      asPerson<[string, PublishOptions]>(async ({ peta, workspace, print }, file, options) => {
        const source = await readText(file)
        const params = { workspace }
        const base = options.base ?? (await peta.call('policy.active', { params })).version
        const body = { source, base, ...(options.reason && { reason: options.reason }) }
        const published = await peta.call('policy.publish', { params, body })
        const warnings = problemLines(published.report)
        print.result(published, [`Version ${published.version} is active.`, ...warnings].join('\n'))
      }),
    )
  addRollback(policy)
}

function addRollback(policy: Command): void {
  policy
    .command('rollback <version>')
    .description('publish the content of an old version as the next one')
    .option('--reason <text>', 'why')
    .action(
      asPerson<[string, { reason?: string }]>(
        async ({ peta, workspace, print }, version, { reason }) => {
          const base = (await peta.call('policy.active', { params: { workspace } })).version
          const params = { workspace, version }
          const body = { base, ...(reason && { reason }) }
          const publishing = peta.call('policy.rollback', { params, body })
          const published = await orAbsent(absentVersion(version), publishing)
          print.result(published, `Version ${published.version} is active.`)
        },
      ),
    )
}

const absentVersion = (version: string): string =>
  `version "${oneLine(version)}". List them with: peta policy versions`

function parseArguments(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CliError('--args is not JSON. Give an object, such as {"path": "/tmp"}.', {
      cause,
      exitCode: 2,
    })
  }
}
