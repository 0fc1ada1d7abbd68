const REFUSED: ReadonlySet<string> = new Set([
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

const REFUSED_PREFIXES = ['LD_', 'DYLD_', 'PYTHON', 'PERL5', 'GIT_', 'BASH_FUNC_', 'PETA_'] as const

/** Of the refused prefixes, names that say how a program writes and nothing of what it runs. */
const HARMLESS: ReadonlySet<string> = new Set([
  'PYTHONUNBUFFERED',
  'PYTHONIOENCODING',
  'PYTHONUTF8',
  'PYTHONDONTWRITEBYTECODE',
])

/**
 * Names of environment variables that would change which program runs or how it loads code, or that belong to Peta, and
 * whatever is no name. Nobody may set them for a server, by a definition or by a secret, administrators included (SEC-10,
 * VLT-46).
 */
export function isRefusedVariable(name: string): boolean {
  const upper = name.toUpperCase()
  return (
    !/^[A-Z_][A-Z0-9_]{0,127}$/.test(upper) ||
    REFUSED.has(upper) ||
    (REFUSED_PREFIXES.some((prefix) => upper.startsWith(prefix)) && !HARMLESS.has(upper))
  )
}
