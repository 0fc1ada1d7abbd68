import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { callbackify } from 'node:util'

import { buildConnector } from 'undici'

import { CoreError } from '../ground/errors.ts'
import { limits } from '../ground/limits.ts'
import { assertAllowed } from './destination.ts'

export type ResolvedAddress = Readonly<{ address: string; family: number }>

/** Every address of a name. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>

export const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true })

/**
 * Opens sockets to checked addresses only. The name is resolved once per socket and the socket gets the very
 * addresses that were checked, so an answer that changes afterwards changes nothing (SEC-40).
 */
export function createConnector(
  resolve: Resolve,
  allowLoopback: boolean,
): buildConnector.connector {
  const connect = buildConnector({
    timeout: limits.connectMs,
    allowH2: false,
    noDelay: true,
    keepAlive: true,
    lookup: checkedLookup(resolve, allowLoopback),
  })

  return function connectChecked(options, callback) {
    connect(options, (...[error, socket]) => {
      if (error) return callback(error, null)
      const problem = problemOf(() => assertAllowed(socket.remoteAddress ?? '', allowLoopback))
      if (!problem) return callback(null, socket)
      socket.destroy()
      callback(problem, null)
    })
  }
}

function checkedLookup(resolve: Resolve, allowLoopback: boolean): LookupFunction {
  const resolveChecked = callbackify(async (hostname: string) => {
    const addresses = await resolve(hostname)
    assertAllAllowed(addresses, allowLoopback)
    return addresses
  })

  return function lookupChecked(hostname, options, callback) {
    resolveChecked(hostname, (error, addresses) => {
      const [first] = addresses ?? []
      if (error || !first) return callback(error ?? noAddress(), '')
      if (options.all) return callback(null, [...addresses])
      callback(null, first.address, first.family)
    })
  }
}

/** One bad address among good ones refuses the name: which of them gets used is not ours to hope for. */
function assertAllAllowed(addresses: readonly ResolvedAddress[], allowLoopback: boolean): void {
  for (const { address } of addresses) assertAllowed(address, allowLoopback)
}

function problemOf(check: () => void): Error | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return asError(error)
  }
}

const noAddress = (): CoreError =>
  new CoreError('egress_refused', { problem: 'The name of the destination has no address.' })

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error('resolution failed', { cause: error })
