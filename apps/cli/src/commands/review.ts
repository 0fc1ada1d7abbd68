import { reviewedKinds, type ReviewedKind } from '@peta/contract'
import { everyPage } from '@peta/sdk'
import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, collect, orAbsent, wholeNumber } from '../command.ts'
import { oneLine, table } from '../print.ts'
import { serverParams } from './server-of.ts'

type AcceptOptions = Readonly<{ item?: string[]; label?: string[]; risk?: number }>
type ItemRef = Readonly<{ kind: ReviewedKind; name: string }>

/** A person's verdict on what a server offers. */
export function addReviewCommands(server: Command): void {
  server
    .command('items <server>')
    .description('list the items that a server offers: tools, resources, prompts')
    .action(
      asPerson<[string]>(async (context, slug) => {
        const params = await serverParams(context, slug)
        const items = await everyPage((query) => context.peta.call('items.list', { params, query }))
        const rows = items.map((item) => [
          `${item.kind}:${item.name}`,
          item.exposed,
          item.state,
          item.labels.join(','),
          `${item.risk}`,
        ])
        context.print.result(items, table(['ITEM', 'AGENTS SEE', 'STATE', 'LABELS', 'RISK'], rows))
      }),
    )
  server
    .command('accept <server>')
    .description('accept items with the labels that count; all new ones unless --item is given')
    .option('--item <kind:name>', 'such as tool:read_text_file; may be repeated', collect)
    .option('--label <label>', 'read, write, destructive, external, …; may be repeated', collect)
    .option('--risk <number>', '0 to 100 (default: by the labels)', wholeNumber)
    .action(
      asPerson<[string, AcceptOptions]>(async (context, slug, { item, label, risk }) => {
        const items = item?.map(itemRef) ?? ('all' as const)
        const params = await serverParams(context, slug)
        const body = { items, labels: label ?? [], ...(risk !== undefined && { risk }) }
        const accepting = context.peta.call('items.accept', { params, body })
        const { changed } = await orAbsent(described(slug, item), accepting)
        context.print.result({ changed }, `${changed} accepted.`)
      }),
    )
  server
    .command('reject <server> <items...>')
    .description('reject items, given as kind:name')
    .action(
      asPerson<[string, string[]]>(async (context, slug, items) => {
        const body = { items: items.map(itemRef) }
        const params = await serverParams(context, slug)
        const rejecting = context.peta.call('items.reject', { params, body })
        const { changed } = await orAbsent(described(slug, items), rejecting)
        context.print.result({ changed }, `${changed} rejected.`)
      }),
    )
}

const described = (slug: string, items: readonly string[] = []): string =>
  `${items.length === 1 ? oneLine(items[0] ?? '') : 'such item'} in ${oneLine(slug)}, and nothing was changed. List what it offers with: peta server items ${oneLine(slug)}`

function itemRef(text: string): ItemRef {
  const at = text.indexOf(':')
  const kind = reviewedKinds.find((candidate) => candidate === text.slice(0, at))
  if (kind) return { kind, name: text.slice(at + 1) }
  throw new CliError(
    `"${oneLine(text)}" is not kind:name. Give one such as tool:read_text_file; kinds are ${reviewedKinds.join(', ')}.`,
    {
      exitCode: 2,
    },
  )
}
