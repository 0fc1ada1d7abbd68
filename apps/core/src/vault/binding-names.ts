import { CoreError } from '../ground/errors.ts'
import { isRefusedVariable } from '../model/variable-names.ts'

/** Headers that frame a message or that Peta writes itself; a secret there would break or widen a request (VLT-46). */
const REFUSED_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'accept',
  'accept-encoding',
  'proxy-authorization',
  'proxy-connection',
  'origin',
  'last-event-id',
])
const REFUSED_HEADER_PREFIXES = ['mcp-', 'proxy-', 'sec-'] as const

/** @throws CoreError `binding_not_enforceable` @see RFC 9110 section 5.1 */
export function assertHeaderName(name: string): void {
  const lower = name.toLowerCase()
  const isName = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(lower)
  const isTaken =
    REFUSED_HEADERS.has(lower) || REFUSED_HEADER_PREFIXES.some((prefix) => lower.startsWith(prefix))
  if (!isName || isTaken) throw refused(`A secret cannot be sent in the header "${name}".`)
}

/** @throws CoreError `binding_not_enforceable` */
export function assertVariableName(name: string): void {
  if (isRefusedVariable(name)) {
    throw refused(`A secret cannot be given in the variable "${name}".`)
  }
}

const refused = (problem: string): CoreError =>
  new CoreError('binding_not_enforceable', { problem })
