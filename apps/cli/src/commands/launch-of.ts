import type { RouteBody } from '@peta/contract'

import { CliError } from '../cli-error.ts'

export type LaunchOptions = Readonly<{ url?: string; allowLoopback?: true; env?: string[] }>
type Launch = RouteBody<'servers.install'>['launch']

/** Either a command or an address, never a mixture that would have to be guessed at. @throws CliError */
export function launchOf(
  command: readonly string[],
  { url, allowLoopback, env }: LaunchOptions,
): Launch {
  const [file, ...args] = command
  if (file === undefined && url !== undefined) {
    if (env)
      throw new CliError(
        '--env is for a command. Give --url without it, or a command after "--".',
        { exitCode: 2 },
      )
    return { kind: 'http', url, allowLoopback: allowLoopback ?? false }
  }
  if (file === undefined || url !== undefined) {
    throw new CliError('Give either --url, or a command after "--".', { exitCode: 2 })
  }
  if (allowLoopback) {
    throw new CliError('--allow-loopback is for --url. Give the command without it.', {
      exitCode: 2,
    })
  }
  return { kind: 'stdio', command: file, args, env: Object.fromEntries((env ?? []).map(envPair)) }
}

/** What was given is not repeated: it may hold a value that should have been a secret. */
function envPair(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1)
    throw new CliError('--env is not name=value. Give one such as --env LANG=C', { exitCode: 2 })
  return [text.slice(0, at), text.slice(at + 1)]
}
