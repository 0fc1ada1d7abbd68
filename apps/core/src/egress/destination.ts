import { isIP } from 'node:net'

import { CoreError } from '../ground/errors.ts'
import { classifyAddress } from './address.ts'

/** Where one server lives, as an administrator allowed it. */
export type Destination = Readonly<{
  url: string
  /** Only loopback addresses then, and plain http there. Never a way to the rest of a private network (SEC-40). */
  allowLoopback: boolean
}>

/**
 * Checks all that can be known of a destination without resolving its name.
 *
 * @throws CoreError `egress_refused` with the reason
 */
export function parseDestination({ url: text, allowLoopback }: Destination): URL {
  const url = URL.canParse(text) ? new URL(text) : refuse('The address is not a URL.')
  if (url.username || url.password) refuse('The address must not hold a user name or password.')
  if (url.hash) refuse('The address must not have a fragment.')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowLoopback)) {
    refuse('Only https addresses are allowed; http only on loopback, by explicit choice.')
  }
  const host = bareHost(url)
  if (isIP(host) !== 0) assertAllowed(host, allowLoopback)
  return url
}

/** @throws CoreError `egress_refused` unless the address is of the one class this destination may have */
export function assertAllowed(address: string, allowLoopback: boolean): void {
  const wanted = allowLoopback ? 'loopback' : 'public'
  if (classifyAddress(address) === wanted) return
  refuse(
    allowLoopback
      ? 'The destination is allowed on loopback only, and its name leads elsewhere.'
      : 'The destination has an address that is not public.',
  )
}

/** The host without the brackets of an IPv6 literal. */
const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1')

function refuse(problem: string): never {
  throw new CoreError('egress_refused', { problem })
}
