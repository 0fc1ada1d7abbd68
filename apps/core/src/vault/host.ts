import { CoreError } from '../ground/errors.ts'

const HTTPS_PORT = '443'
const HTTP_PORT = '80'

/**
 * An exact `host:port`, as it would be connected to: lower case, international names as A-labels, no wildcard
 * (VLT-45).
 *
 * @throws CoreError `binding_not_enforceable`
 */
export function parseHost(text: string): string {
  const url = /^[^\s/?#@\\*]+$/.test(text) ? URL.parse(`https://${text}`) : null
  if (!url || url.hostname === '' || url.hostname.endsWith('.')) {
    throw new CoreError('binding_not_enforceable', {
      problem: `"${text}" is not an exact host:port such as api.example.com:443.`,
    })
  }
  return `${url.hostname}:${url.port || HTTPS_PORT}`
}

/** The `host:port` that a URL leads to. */
export function hostOf(text: string): string {
  const { hostname, port, protocol } = new URL(text)
  return `${hostname}:${port || (protocol === 'http:' ? HTTP_PORT : HTTPS_PORT)}`
}
