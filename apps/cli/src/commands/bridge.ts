import { setTimeout as pause } from 'node:timers/promises'

import type { Command } from 'commander'

import { runBridge } from '../bridge/bridge.ts'
import { issuedToken } from '../bridge/issued-token.ts'
import { fileToken, fixedToken, type TokenSource } from '../bridge/tokens.ts'
import { createCoreLink } from '../bridge/core-link.ts'
import { createUpstream } from '../bridge/upstream.ts'
import { createWriteLine } from '../bridge/write-lines.ts'
import { CliError } from '../cli-error.ts'
import { globals } from '../command.ts'
import { createPrint } from '../print.ts'
import { signedIn, signedInUrl } from '../session.ts'
import { agentParams } from './agents.ts'

type BridgeOptions = Readonly<{ profile?: string; agent?: string; tokenFile?: string }>

const DRAIN_MS = 10_000
const LISTEN_AGAIN_MS = 1000

/** For MCP clients that speak to programs only. stdout belongs to the protocol: everything else goes to stderr. */
export function addBridgeCommand(program: Command): void {
  program
    .command('bridge')
    .description('be an MCP server on stdin and stdout that forwards to Peta; token in PETA_TOKEN')
    .option('--profile <name>', 'a profile of Peta (default: all that the agent may use)')
    .option('--token-file <file>', 'file with the token, readable by you alone')
    .option('--agent <agent>', 'issue tokens for this agent, an hour each, as the person signed in')
    .action(async (options: BridgeOptions, command: Command) => {
      const { chosen, url } = globals(command)
      const origin = chosen ?? (await signedInUrl()) ?? url
      const tokens = await tokenSource(options, chosen)
      await bridge(addressOf(origin, options.profile), tokens)
    })
}

async function bridge(address: URL, tokens: TokenSource): Promise<void> {
  using link = createCoreLink(address, tokens)
  const upstream = createUpstream(link)
  try {
    await runBridge({
      input: process.stdin,
      writeLine: createWriteLine(process.stdout),
      upstream,
      address,
      say: createPrint(false).say,
      pause: (signal) => pause(LISTEN_AGAIN_MS, undefined, { signal }).catch(() => undefined),
      patience: () => pause(DRAIN_MS, undefined, { ref: false }),
    })
  } finally {
    await upstream.end()
    await tokens.end()
  }
}

function addressOf(origin: string, profile: string | undefined): URL {
  if (profile === undefined) return new URL('/mcp', origin)
  if (/^[a-z][a-z0-9-]*$/.test(profile)) return new URL(`/mcp/${profile}`, origin)
  throw new CliError('--profile is no name of a profile. Give one such as coding.', { exitCode: 2 })
}

/** What was asked for on this command line comes before what lies in the environment. @throws CliError */
async function tokenSource(
  { agent, tokenFile }: BridgeOptions,
  chosen: string | undefined,
): Promise<TokenSource> {
  if (agent !== undefined && tokenFile !== undefined) {
    throw new CliError('Give one of --agent and --token-file, not both.', { exitCode: 2 })
  }
  if (tokenFile !== undefined) {
    const source = fileToken(tokenFile)
    await source.current()
    return source
  }
  if (agent !== undefined) {
    const context = { ...(await signedIn(chosen)), print: createPrint(false) }
    const params = await agentParams(context, agent)
    return issuedToken({ peta: context.peta, agent: params, nowMs: Date.now })
  }
  const { PETA_TOKEN: token } = process.env
  if (token) return fixedToken(token)
  throw new CliError(
    'The bridge has no token. Set PETA_TOKEN, or give --token-file, or sign in and give --agent.',
    { exitCode: 2 },
  )
}
