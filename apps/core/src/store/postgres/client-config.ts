import type { ClientConfig } from 'pg'

import { CoreError } from '../../ground/errors.ts'
import type { Secret } from '../../ground/secret.ts'
import { columnTypes } from './column-types.ts'

const CONNECT_MS_MAX = 5000
const UNVERIFIED: readonly string[] = ['disable', 'allow', 'prefer', 'no-verify']

/**
 * How to connect. Beyond this machine only with TLS, and only to the server that the name says (STO-5). Nothing is set
 * for the session, which a pooler may share (STO-6).
 *
 * @throws CoreError `database_unsafe`
 */
export function clientConfig(databaseUrl: Secret<string>): ClientConfig {
  const url = new URL(databaseUrl.reveal())
  const mode = url.searchParams.get('sslmode')
  const isLocal = isLocalServer(url)
  if (!isLocal && mode !== null && UNVERIFIED.includes(mode)) {
    throw new CoreError('database_unsafe', {
      problem: `sslmode=${mode} does not prove which server answers; remove it, or use verify-full.`,
    })
  }
  // The driver reads other modes in ways of its own; without one, `ssl: true` verifies certificate and name.
  url.searchParams.delete('sslmode')
  return {
    connectionString: url.href,
    ssl: !isLocal || (mode !== null && mode !== 'disable'),
    application_name: 'peta',
    connectionTimeoutMillis: CONNECT_MS_MAX,
    keepAlive: true,
    types: columnTypes,
  }
}

/** A unix socket, or an address of this machine. */
function isLocalServer({ hostname, searchParams }: URL): boolean {
  const host = searchParams.get('host') ?? decodeURIComponent(hostname)
  if (host === '' || host.startsWith('/') || host === 'localhost' || host === '[::1]') return true
  return /^127(?:\.\d{1,3}){3}$/.test(host)
}
