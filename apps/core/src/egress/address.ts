import { BlockList, isIP } from 'node:net'

/** `public` is reachable unicast of the whole internet; everything that is neither it nor loopback is refused. */
export type AddressClass = 'public' | 'loopback' | 'refused'

/**
 * Judges one textual address as a resolver or the URL parser wrote it. What is not an address, names a zone, or is
 * mapped or translated to another family is refused, so that no spelling reaches a private host (SEC-40).
 *
 * @see IANA IPv4 and IPv6 Special-Purpose Address Registries
 */
export function classifyAddress(address: string): AddressClass {
  switch (isIP(address)) {
    case 4:
      return classifyV4(address)
    case 6:
      return address.includes('%') ? 'refused' : classifyV6(address)
    default:
      return 'refused'
  }
}

function classifyV4(address: string): AddressClass {
  if (loopback.check(address, 'ipv4')) return 'loopback'
  return specialV4.check(address, 'ipv4') ? 'refused' : 'public'
}

/** NOTE: a v4-mapped address also matches IPv4 rules of a `BlockList`, so mapped loopback is told apart first. */
function classifyV6(address: string): AddressClass {
  if (!globalV6.check(address, 'ipv6')) {
    return address.toLowerCase() === '::1' ? 'loopback' : 'refused'
  }
  return specialV6.check(address, 'ipv6') ? 'refused' : 'public'
}

const loopback = blockList('ipv4', ['127.0.0.0/8'])

const specialV4 = blockList('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
])

/** Global unicast. Mapped, NAT64, unique-local, link-local, site-local and multicast addresses all lie outside. */
const globalV6 = blockList('ipv6', ['2000::/3'])

/** Teredo and other protocol assignments, documentation, 6to4. */
const specialV6 = blockList('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'])

function blockList(family: 'ipv4' | 'ipv6', subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [network = '', prefix] = subnet.split('/')
    list.addSubnet(network, Number(prefix), family)
  }
  return list
}
