import { z } from 'zod'

import { CoreError, isCoreError } from '../../ground/errors.ts'
import type { Era, ServerFrame } from '../../model/frame.ts'
import type { Ask } from '../../model/question.ts'
import { showsAppsCapability } from '../../protocol/apps.ts'
import { capabilitiesOf } from '../../protocol/client-asks.ts'
import { readValue } from '../../protocol/members.ts'
import { metaKeys } from '../../protocol/meta-keys.ts'
import { clientInfo, LEGACY_VERSION, LEGACY_VERSIONS, MODERN_VERSION } from './client-identity.ts'
import { LostRequestError, type Correlator } from './correlator.ts'

/** What a server turned out to speak, and what it offers. */
export type Greeting = Readonly<{
  era: Era
  protocolVersion: string
  /** Features by name; only their presence is read. */
  capabilities: Readonly<Record<string, unknown>>
  /** What it tells models about itself; nobody has reviewed it. */
  instructions?: string
}>

export type HandshakeTerms = Readonly<{
  server: string
  era: 'auto' | Era
  /** What a legacy server is told for all of the session; a modern one learns it from each request. */
  asks: readonly Ask[]
  /** Silence on stdio that means an old server (MCP-52). */
  probeMs: number
  startMs: number
}>

const instructions = z.string().exactOptional().catch('')

const DiscoverResult = z.looseObject({
  supportedVersions: z.array(z.string()),
  capabilities: z.record(z.string(), z.unknown()),
  instructions,
})

const UnsupportedVersion = z.looseObject({
  data: z.looseObject({ supported: z.array(z.string()) }),
})

const InitializeResult = z.looseObject({
  protocolVersion: z.string(),
  capabilities: z.record(z.string(), z.unknown()),
  instructions,
})

const UNSUPPORTED_VERSION = -32022
/** Errors that only a modern server sends: header mismatch, missing capability, unsupported version. */
const MODERN_CODES: ReadonlySet<number> = new Set([-32020, -32021, UNSUPPORTED_VERSION])
/** Statuses by which an old server may refuse a modern request. Never 401, 403 or 5xx (MCP-51). */
const LEGACY_STATUSES: ReadonlySet<number> = new Set([400, 404, 405, 406, 415])

/**
 * Finds out which era a server speaks and greets it accordingly: by asking, never by how its address looks (RUN-20).
 *
 * @throws CoreError `server_unavailable`, `server_misbehaves`
 */
export async function greet(
  wire: Correlator,
  terms: HandshakeTerms,
  signal: AbortSignal,
): Promise<Greeting> {
  if (terms.era !== 'legacy') {
    const greeting = await discover(wire, terms, signal)
    if (greeting) return greeting
    if (terms.era === 'modern') throw misbehaves(terms, 'no common protocol version')
  }
  return initialize(wire, terms, signal)
}

/** Undefined means that the server is an old one. */
export async function discover(
  wire: Correlator,
  terms: HandshakeTerms,
  signal: AbortSignal,
): Promise<Greeting | undefined> {
  let frame = await probe(wire, terms, signal)
  if (frame && supportsOurs(frame)) frame = await probe(wire, terms, signal)
  if (!frame) return undefined
  if (frame.code !== undefined) {
    if (MODERN_CODES.has(frame.code)) throw misbehaves(terms, 'no common protocol version')
    return undefined
  }
  const parsed = DiscoverResult.safeParse(resultOf(frame))
  if (!parsed.success || !parsed.data.supportedVersions.includes(MODERN_VERSION)) return undefined
  return { era: 'modern', protocolVersion: MODERN_VERSION, ...saidOf(parsed.data) }
}

/** A refusal of the version that names this very version is worth a second try, and one only. */
function supportsOurs({ code, bytes, spans }: ServerFrame): boolean {
  if (code !== UNSUPPORTED_VERSION || !spans.error) return false
  const refusal = UnsupportedVersion.safeParse(readValue(bytes, spans.error))
  return refusal.success && refusal.data.data.supported.includes(MODERN_VERSION)
}

async function probe(
  wire: Correlator,
  terms: HandshakeTerms,
  signal: AbortSignal,
): Promise<ServerFrame | undefined> {
  const waitMs = wire.kind === 'stdio' && terms.era === 'auto' ? terms.probeMs : terms.startMs
  try {
    return await ask(wire, { method: 'server/discover', params: modernParams(), waitMs }, signal)
  } catch (error) {
    const isSilent = wire.kind === 'stdio' && isCoreError(error, 'call_timed_out')
    if (isSilent || isLegacyRefusal(error)) return undefined
    throw error
  }
}

function isLegacyRefusal(error: unknown): error is LostRequestError {
  if (!(error instanceof LostRequestError)) return false
  const { status, code } = error.lost
  if (code !== undefined && MODERN_CODES.has(code)) return false
  return status !== undefined && LEGACY_STATUSES.has(status)
}

async function initialize(
  wire: Correlator,
  terms: HandshakeTerms,
  signal: AbortSignal,
): Promise<Greeting> {
  const capabilities = {
    ...capabilitiesOf(terms.asks),
    ...(terms.asks.includes('roots') && { roots: { listChanged: true } }),
  }
  const params = { protocolVersion: LEGACY_VERSION, capabilities, clientInfo }
  const hello = { method: 'initialize', params, waitMs: terms.startMs }
  const frame = await ask(wire, hello, signal).catch(throwRefusal)
  const parsed = InitializeResult.safeParse(resultOf(frame))
  if (!parsed.success) throw misbehaves(terms, 'the answer to initialize is not valid')
  const { protocolVersion } = parsed.data
  if (!LEGACY_VERSIONS.has(protocolVersion)) throw misbehaves(terms, 'no common protocol version')

  const method = 'notifications/initialized'
  const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', method }))
  wire.notify({ bytes, method, era: 'legacy', protocolVersion })
  return { era: 'legacy', protocolVersion, ...saidOf(parsed.data) }
}

/** Neither greeting is known, which says more than that some request failed (MCP-51). */
function throwRefusal(error: unknown): never {
  if (!isLegacyRefusal(error)) throw error
  const { facts } = error.lost.error
  const refused = new CoreError(
    'outcome_unknown',
    { ...facts, asked: 'initialize' },
    { cause: error },
  )
  throw new LostRequestError({ ...error.lost, error: refused })
}

const saidOf = ({
  capabilities,
  instructions: said,
}: Pick<Greeting, 'capabilities' | 'instructions'>) => ({
  capabilities,
  ...(said !== undefined && { instructions: said }),
})

type Question = Readonly<{ method: string; params: unknown; waitMs: number }>

function ask(
  wire: Correlator,
  { method, params, waitMs }: Question,
  signal: AbortSignal,
): Promise<ServerFrame> {
  const era = method === 'initialize' ? 'legacy' : 'modern'
  const protocolVersion = era === 'modern' ? { protocolVersion: MODERN_VERSION } : {}
  return wire.exchange(
    {
      encode: (id) => Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params })),
      target: { method, era, ...protocolVersion },
      idleMs: waitMs,
      absoluteMs: waitMs,
      isCancellable: false,
    },
    signal,
  )
}

/** The params of a modern request of our own. */
export const modernParams = (params: object = {}): object => ({
  ...params,
  _meta: {
    [metaKeys.protocolVersion]: MODERN_VERSION,
    [metaKeys.clientInfo]: clientInfo,
    // What lists hold is for clients of every kind; each is shown what is for it.
    [metaKeys.clientCapabilities]: { extensions: showsAppsCapability },
  },
})

const resultOf = ({ bytes, spans }: ServerFrame): unknown =>
  spans.result && readValue(bytes, spans.result)

const misbehaves = ({ server }: HandshakeTerms, problem: string): CoreError =>
  new CoreError('server_misbehaves', { server, problem })
