import type { IncomingMessage } from 'node:http'

import { CoreError } from '../ground/errors.ts'

/** @throws CoreError `host_refused`, `origin_refused` */
export type Guard = (request: IncomingMessage) => void

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'] as const

/**
 * Refuses requests that name another host, or come from another origin: a page in the user's browser must not reach
 * Peta through a name that it makes point here (SEC-44). Both lists are exact.
 */
export function createGuard(
  names: Readonly<{ hosts: readonly string[]; origins: readonly string[] }>,
): Guard {
  const hosts = new Set(names.hosts.map((host) => host.toLowerCase()))
  const origins = new Set(names.origins.map((origin) => origin.toLowerCase()))

  return function guard({ headers }) {
    const { host, origin } = headers
    if (host === undefined || !hosts.has(host.toLowerCase())) throw new CoreError('host_refused')
    if (origin !== undefined && !origins.has(origin.toLowerCase())) {
      throw new CoreError('origin_refused')
    }
  }
}

/** The names of a bound address, and those of the configured public URL. */
export function servedNames(
  bound: Readonly<{ address: string; port: number }>,
  publicUrl: string | undefined,
): Readonly<{ hosts: readonly string[]; origins: readonly string[] }> {
  const own = bound.address.includes(':') ? `[${bound.address}]` : bound.address
  const isLoopback = LOOPBACK_NAMES.some((name) => name === own)
  const local = (isLoopback ? LOOPBACK_NAMES : [own]).map((name) => `${name}:${bound.port}`)
  const origins = local.map((host) => `http://${host}`)
  if (publicUrl === undefined) return { hosts: local, origins }
  const url = new URL(publicUrl)
  return { hosts: [...local, url.host], origins: [...origins, url.origin] }
}
