import type { Door, Egress } from '../../egress/egress.ts'
import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import type { NewId } from '../../ground/ids.ts'
import type { CredentialSet } from '../../model/clearance.ts'
import type { Era } from '../../model/frame.ts'
import type { Ask } from '../../model/question.ts'
import type { HttpLaunch, ServerDefinition, StdioLaunch } from '../../model/server.ts'
import { openConnection, type Connection } from '../connection/connection.ts'
import { findEraApart } from '../connection/find-era.ts'
import { commandLine } from '../launch/command-line.ts'
import type { Executables } from '../launch/executable.ts'
import { prepareProcess } from '../launch/process.ts'
import { prepareRemote } from '../launch/remote.ts'
import { prepareRemoteSse } from '../launch/remote-sse.ts'
import type { ServerLog } from '../launch/server-log.ts'
import type { OpenWire } from '../launch/wire.ts'
import type { Timers } from '../../ground/timers.ts'

export type LaunchRequest = Readonly<{
  definition: ServerDefinition
  credentials: CredentialSet
  /** What it turned out to speak before, if that is known (MCP-53). */
  era?: Era
  /** By the transport of 2024-11-05 (MCP-50). */
  isSse?: boolean
  /** What the server is told that its client can be asked for. */
  asks: readonly Ask[]
  log: ServerLog
  onListChanged: () => void
  onElicited: (elicitationId: string) => void
}>

/** Starts one connection of any kind. Nothing above it knows which kind it is (RUN-3). */
export type Launch = (request: LaunchRequest, signal: AbortSignal) => Promise<Connection>

export type LauncherParts = Readonly<{
  egress: Pick<Egress, 'open'>
  executables: Pick<Executables, 'digest'>
  clock: Clock
  timers: Timers
  newId: NewId
  gatewayId: string
  bootId: string
  /** Path of `prlimit`, where there is one. */
  limiter: string | undefined
  probeMs: number
}>

const START_MS = 30_000

export function createLauncher(parts: LauncherParts): Launch {
  return async function launch(request, signal) {
    const { definition } = request
    const { launch: how, slug: server } = definition
    const openWire =
      how.kind === 'stdio' ? await openStdio(parts, request, how) : openHttp(parts, request, how)
    const { clock, timers } = parts
    const { onListChanged, onElicited } = request
    const { relaysBaggage = false, roots } = definition
    const era = await eraOf(parts, request, signal)
    const { probeMs } = parts
    return openConnection(
      { server, openWire, clock, timers, onListChanged, onElicited, ...(roots && { roots }) },
      { server, era, asks: request.asks, probeMs, startMs: START_MS, relaysBaggage },
      signal,
    )
  }
}

/** As it is set, or turned out to be; else it is found out on the way, or before, where that does harm (MCP-52). */
async function eraOf(
  parts: LauncherParts,
  request: LaunchRequest,
  signal: AbortSignal,
): Promise<'auto' | Era> {
  const { definition, asks } = request
  const known = definition.era === 'auto' ? request.era : definition.era
  if (known || !definition.probeUnsafe || definition.launch.kind !== 'stdio') return known ?? 'auto'
  const { slug: server } = definition
  const openWire = await openStdio(parts, request, definition.launch)
  return findEraApart(
    { ...parts, server, openWire },
    { server, era: 'auto', asks, probeMs: parts.probeMs, startMs: START_MS },
    signal,
  )
}

async function openStdio(
  parts: LauncherParts,
  { definition, credentials, log }: LaunchRequest,
  launch: StdioLaunch,
): Promise<OpenWire> {
  await assertUnchanged(parts, launch, definition.slug)
  return prepareProcess({
    server: definition.slug,
    launch,
    commandLine: commandLine(launch, parts.limiter),
    credentials: credentials.credentials,
    marker: `${parts.gatewayId}/${parts.bootId}/${parts.newId('ins')}`,
    log,
    timers: parts.timers,
    nowMs: parts.clock.nowMs,
  })
}

/** The file that was reviewed, or nothing (RUN-7). */
async function assertUnchanged(
  { executables }: LauncherParts,
  { command, commandDigest }: StdioLaunch,
  server: string,
): Promise<void> {
  if (commandDigest === undefined) return
  const found = await executables.digest(command).catch(() => undefined)
  if (found === commandDigest) return
  throw new CoreError('server_unavailable', { server, reason: 'command_changed' })
}

function openHttp(
  { egress, timers }: LauncherParts,
  { definition, credentials: { credentials }, isSse = false }: LaunchRequest,
  { url, allowLoopback }: HttpLaunch,
): OpenWire {
  const { slug: server } = definition
  const openDoor = (to: string): Door => egress.open({ url: to, allowLoopback })
  if (isSse) return prepareRemoteSse({ server, url, openDoor, credentials })
  return prepareRemote({ server, door: openDoor(url), credentials, timers })
}
