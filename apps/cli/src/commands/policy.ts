import { readFile } from 'node:fs/promises'

import type { RouteResponse } from '@peta/contract'
import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson } from '../command.ts'
import { table, when } from '../print.ts'

type Problems = RouteResponse<'policy.check'>['problems']

/** Rules, as YAML files. */
export function addPolicyCommands(program: Command): void {
  const policy = program.command('policy').description('rules: allow, require_approval, deny')
  addReading(policy)
  addPublishing(policy)
  policy
    .command('explain <agent-id> <tool>')
    .description('what the rules say to a call, and why')
    .option('--args <json>', 'arguments of the call', '{}')
    .action(
      asPerson<[string, string, { args: string }]>(
        async ({ peta, workspace, print }, agentId, tool, { args }) => {
          const body = { agentId, tool, args: parseArguments(args) }
          const explained = await peta.call('policy.explain', { params: { workspace }, body })
          const rows = explained.matched.map((hit) => [
            hit.rule,
            hit.effect,
            hit.errored ? 'condition failed' : '',
          ])
          print.result(
            explained,
            `${explained.effect} (${explained.reason})\n${table(['RULE', 'EFFECT', ''], rows)}`,
          )
        },
      ),
    )
}

function addReading(policy: Command): void {
  policy
    .command('show [version]')
    .description('print the rules as YAML: the active version, or the one given')
    .action(
      asPerson<[string | undefined]>(async ({ peta, workspace, print }, version) => {
        const shown = version
          ? await peta.call('policy.read', { params: { workspace, version } })
          : await peta.call('policy.active', { params: { workspace } })
        print.say(`version ${shown.version}`)
        print.result(shown, shown.source.trimEnd())
      }),
    )
  policy
    .command('versions')
    .description('list versions, newest first')
    .action(
      asPerson<[]>(async ({ peta, workspace, print }) => {
        const { items } = await peta.call('policy.versions', { params: { workspace }, query: {} })
        const rows = items.map((v) => [
          `${v.version}${v.active ? ' *' : ''}`,
          when(v.publishedAt),
          v.author,
          v.reason,
        ])
        print.result(items, table(['VERSION', 'PUBLISHED', 'BY', 'REASON'], rows))
      }),
    )
  policy
    .command('diff <version> <other>')
    .description('what differs between two versions')
    .action(
      asPerson<[string, string]>(async ({ peta, workspace, print }, version, other) => {
        const diff = await peta.call('policy.diff', { params: { workspace, version, other } })
        const rows = [
          ...diff.added.map((rule) => ['added', rule, '']),
          ...diff.removed.map((rule) => ['removed', rule, '']),
          ...diff.changed.map(({ rule, fields }) => ['changed', rule, fields.join(', ')]),
        ]
        print.result(diff, table(['', 'RULE', 'FIELDS'], rows))
      }),
    )
}

function addPublishing(policy: Command): void {
  policy
    .command('check <file>')
    .description('check rules without publishing them')
    .action(
      asPerson<[string]>(async ({ peta, workspace, print }, file) => {
        const body = { source: await readRules(file) }
        const report = await peta.call('policy.check', { params: { workspace }, body })
        print.result(report, describe(report.problems))
        if (!report.publishable) throw new CliError('These rules cannot be published.')
      }),
    )
  policy
    .command('publish <file>')
    .description('publish rules as the next version')
    .option('--base <version>', 'the version they were written on; the active one unless given')
    .option('--reason <text>', 'why', '')
    .action(
      asPerson<[string, { base?: string; reason: string }]>(
        async ({ peta, workspace, print }, file, options) => {
          const source = await readRules(file)
          const base = options.base
            ? Number(options.base)
            : (await peta.call('policy.active', { params: { workspace } })).version
          const body = { source, base, reason: options.reason }
          const published = await peta.call('policy.publish', { params: { workspace }, body })
          print.result(
            published,
            `Version ${published.version} is active.\n${describe(published.report)}`,
          )
        },
      ),
    )
  policy
    .command('rollback <version>')
    .description('publish the content of an old version as the next one')
    .option('--reason <text>', 'why', '')
    .action(
      asPerson<[string, { reason: string }]>(
        async ({ peta, workspace, print }, version, { reason }) => {
          const base = (await peta.call('policy.active', { params: { workspace } })).version
          const params = { workspace, version }
          const published = await peta.call('policy.rollback', { params, body: { base, reason } })
          print.result(published, `Version ${published.version} is active.`)
        },
      ),
    )
}

const describe = (problems: Problems): string =>
  problems
    .map(
      (p) =>
        `${p.severity} ${p.code}${p.rule ? ` in ${p.rule}` : ''}${p.line ? ` (line ${p.line})` : ''}: ${p.message} ${p.remedy}`,
    )
    .join('\n') || 'No problems.'

async function readRules(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CliError(`${file} cannot be read.`, { cause, exitCode: 2 })
  }
}

function parseArguments(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CliError('--args is not JSON.', { cause, exitCode: 2 })
  }
}
