import { CoreError } from '../ground/errors.ts'

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

/** Variables that change which program runs or how it loads code, and Peta's own (VLT-46). */
const REFUSED_VARIABLES: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'TMPDIR',
  'SHELL',
  'IFS',
  'ENV',
  'BASH_ENV',
  'SHELLOPTS',
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_EXTRA_CA_CERTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'RUBYOPT',
  'RUBYLIB',
  'JAVA_TOOL_OPTIONS',
  'JDK_JAVA_OPTIONS',
  '_JAVA_OPTIONS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
])
const REFUSED_VARIABLE_PREFIXES = [
  'LD_',
  'DYLD_',
  'PYTHON',
  'PERL5',
  'GIT_',
  'BASH_FUNC_',
  'PETA_',
] as const

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
  const upper = name.toUpperCase()
  const isName = /^[A-Z_][A-Z0-9_]{0,127}$/.test(upper)
  const isTaken =
    REFUSED_VARIABLES.has(upper) ||
    REFUSED_VARIABLE_PREFIXES.some((prefix) => upper.startsWith(prefix))
  if (!isName || isTaken) throw refused(`A secret cannot be given in the variable "${name}".`)
}

const refused = (problem: string): CoreError =>
  new CoreError('binding_not_enforceable', { problem })
