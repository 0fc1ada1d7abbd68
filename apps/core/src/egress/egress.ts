import { Pool } from 'undici'

import { CoreError } from '../ground/errors.ts'
import { createConnector, resolveBySystem, type Resolve } from './connector.ts'
import { parseDestination, type Destination } from './destination.ts'
import { startExchange, type Exchange, type OutboundRequest, type Receiver } from './exchange.ts'

/** The way to one origin. Cheap to ask for again: origins share their sockets. */
export type Door = Readonly<{
  /** Path and query of the destination. */
  path: string
  origin: string
  /** Starts one request; everything after that reaches the receiver, including refusals. */
  exchange: (request: OutboundRequest, receiver: Receiver) => Exchange
}>

/** The only door out of the process (SEC-40). */
export type Egress = AsyncDisposable &
  Readonly<{
    /** @throws CoreError `egress_refused` */
    open: (destination: Destination) => Door
  }>

const CONNECTIONS_PER_ORIGIN_MAX = 128
const KEEP_ALIVE_MS = 10_000
const HEADER_BYTES_MAX = 16 * 1024

/**
 * Keep-alive HTTP/1.1 connections in two pools per origin, so that streams that stay open leave room for calls. No redirect is ever followed and no proxy is taken from
 * the environment (SEC-41).
 */
export function createEgress(resolve: Resolve = resolveBySystem): Egress {
  const pools = new Map<string, Pool>()
  let isClosed = false

  function poolFor(origin: string, allowLoopback: boolean, use: 'calls' | 'streams'): Pool {
    const key = `${use} ${allowLoopback ? 'loopback' : 'public'} ${origin}`
    const known = pools.get(key)
    if (known) return known
    const pool = new Pool(origin, {
      connections: CONNECTIONS_PER_ORIGIN_MAX,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      connect: createConnector(resolve, allowLoopback),
    })
    pools.set(key, pool)
    return pool
  }

  return {
    open(destination) {
      if (isClosed) throw new CoreError('egress_refused', { problem: 'Peta is stopping.' })
      const url = parseDestination(destination)
      const { allowLoopback } = destination
      const calls = poolFor(url.origin, allowLoopback, 'calls')
      const path = url.pathname + url.search
      return {
        path,
        origin: url.origin,
        exchange(request, receiver) {
          const pool = request.isLasting ? poolFor(url.origin, allowLoopback, 'streams') : calls
          return startExchange(pool, path, request, receiver)
        },
      }
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}
