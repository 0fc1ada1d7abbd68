import type { RouteBody } from '@peta/contract'
import { everyPage } from '@peta/sdk'
import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, collect, type Context } from '../command.ts'
import { oneLine, table, when } from '../print.ts'
import { readSecret } from '../prompt.ts'
import { serverId } from './server-of.ts'

type BindOptions = Readonly<{
  header?: string
  basic?: true
  env?: string
  descriptor?: string
  prefix?: string
  host?: string[]
}>
type Target = Pick<RouteBody<'secrets.bind'>['binding'], 'target' | 'name'>

/** Secrets go in and never come out. Values come from stdin or a prompt, never from an argument. */
export function addSecretCommands(program: Command): void {
  const secret = program
    .command('secret')
    .description('secrets: written, used at their destination, never read')
  secret
    .command('list')
    .description('list secrets, without values')
    .action(
      asPerson<[]>(async (context) => {
        const items = await listSecrets(context)
        const rows = items.map((s) => [
          s.name,
          s.kind,
          s.state,
          `${s.currentVersion ?? ''}`,
          `${s.bindings.length}`,
          when(s.lastUsedAt),
        ])
        context.print.result(
          items,
          table(['NAME', 'KIND', 'STATE', 'VERSION', 'BINDINGS', 'LAST USED'], rows),
        )
      }),
    )
  secret
    .command('put <name>')
    .description('create a secret, or put a new value; the value comes from stdin or a prompt')
    .option('--allow-short', 'accept fewer than 8 bytes, which cannot be scrubbed safely')
    .action(asPerson<[string, { allowShort?: true }]>(putSecret))
  secret
    .command('bind <name> <server>')
    .description('allow a destination; needs the value again, from stdin or a prompt')
    .option('--header <name>', 'send it in this header')
    .option('--basic', 'send it as basic authentication; the value is user:password')
    .option('--env <name>', 'give it to the process in this environment variable')
    .option('--descriptor <name>', 'give it to the process through a file descriptor')
    .option('--prefix <text>', 'text before the value in the header, such as "Bearer "')
    .option('--host <host:port>', 'where the header may go; may be repeated', collect)
    .action(asPerson<[string, string, BindOptions]>(bindSecret))
  addDestroying(secret)
}

function addDestroying(secret: Command): void {
  secret
    .command('destroy <name>')
    .description('destroy a secret and all its versions')
    .action(
      asPerson<[string]>(async (context, name) => {
        const params = { workspace: context.workspace, secret: await secretId(context, name) }
        await context.peta.call('secrets.destroy', { params })
        context.print.result(
          { id: params.secret, destroyed: true },
          `${oneLine(name)} is destroyed.`,
        )
      }),
    )
}

async function putSecret(
  context: Context,
  name: string,
  options: { allowShort?: true },
): Promise<void> {
  const { peta, workspace, print } = context
  const value = await readSecret(`Value of ${oneLine(name)}`)
  const allowShort = options.allowShort ?? false
  const known = await findSecret(context, name)
  const put = known
    ? await peta.call('secrets.put', {
        params: { workspace, secret: known },
        body: { value, allowShort },
      })
    : await peta.call('secrets.create', {
        params: { workspace },
        body: { name, value, allowShort },
      })
  print.result(put, `${put.name}, version ${put.currentVersion ?? 1}.`)
}

async function bindSecret(
  context: Context,
  name: string,
  server: string,
  options: BindOptions,
): Promise<void> {
  const { peta, workspace, print } = context
  const target = targetOf(options)
  const params = { workspace, secret: await secretId(context, name) }
  const binding = {
    serverId: await serverId(context, server),
    ...target,
    ...(options.prefix && { prefix: options.prefix }),
    hosts: options.host ?? [],
  }
  const value = await readSecret(`Value of ${oneLine(name)}, to prove that you know it`)
  const bound = await peta.call('secrets.bind', { params, body: { binding, value } })
  print.result(bound, `${bound.name} is bound to ${oneLine(server)}.`)
}

function targetOf(options: BindOptions): Target {
  const given: Target[] = [
    ...(options.header ? [{ target: 'header' as const, name: options.header }] : []),
    ...(options.basic ? [{ target: 'basic' as const, name: 'Authorization' }] : []),
    ...(options.env ? [{ target: 'env' as const, name: options.env }] : []),
    ...(options.descriptor ? [{ target: 'descriptor' as const, name: options.descriptor }] : []),
  ]
  const [target, ...more] = given
  if (!target || more.length > 0) {
    throw new CliError('Give one of --header, --basic, --env, --descriptor.', { exitCode: 2 })
  }
  return target
}

async function secretId(context: Context, name: string): Promise<string> {
  const id = await findSecret(context, name)
  if (!id)
    throw new CliError(`There is no secret "${oneLine(name)}". List them with: peta secret list`)
  return id
}

const listSecrets = ({ peta, workspace }: Context) =>
  everyPage((query) => peta.call('secrets.list', { params: { workspace }, query }))

async function findSecret(context: Context, name: string): Promise<string | undefined> {
  const secrets = await listSecrets(context)
  return secrets.find((candidate) => candidate.name === name || candidate.id === name)?.id
}
