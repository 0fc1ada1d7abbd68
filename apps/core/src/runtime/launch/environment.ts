import type { Credential } from '../../model/clearance.ts'

/** Where a command name is looked up, and the child's own PATH. Fixed, so that no setting leads elsewhere (RUN-7). */
export const SEARCH_PATH = ['/usr/local/bin', '/usr/bin', '/bin'] as const

/** Names the child of this instance in its environment, for the sweep of orphans (RUN-67). */
export const MARKER = 'PETA_INSTANCE'

const REFUSED_NAMES: ReadonlySet<string> = new Set([
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_EXTRA_CA_CERTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'PYTHONPATH',
  'PYTHONSTARTUP',
  'PYTHONHOME',
  'RUBYOPT',
  'RUBYLIB',
  'JAVA_TOOL_OPTIONS',
  'JDK_JAVA_OPTIONS',
  '_JAVA_OPTIONS',
  'BASH_ENV',
  'ENV',
  'IFS',
  'SHELLOPTS',
  'PATH',
  'HOME',
  'TMPDIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
])

const REFUSED_PREFIXES = ['LD_', 'DYLD_', 'PERL5', 'GIT_', 'BASH_FUNC_', 'PETA_'] as const

/** Names that would change what program runs, or belong to Peta. Nobody may set them, administrators included. */
export function isRefusedName(name: string): boolean {
  const upper = name.toUpperCase()
  return (
    !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ||
    REFUSED_NAMES.has(upper) ||
    REFUSED_PREFIXES.some((prefix) => upper.startsWith(prefix))
  )
}

/** Descriptors 0 to 2 are the child's own pipes. */
const FIRST_DESCRIPTOR = 3

export type ChildEnvironment = Readonly<{
  env: Readonly<Record<string, string>>
  /** What to write to descriptors 3, 4 and so on. Their numbers are in the environment under their names. */
  descriptors: readonly Buffer[]
}>

/** The whole environment of a child. Nothing is inherited (RUN-69). */
export function childEnvironment(
  declared: Readonly<Record<string, string>>,
  credentials: readonly Credential[],
  own: Readonly<{ home: string; marker: string }>,
): ChildEnvironment {
  const env: Record<string, string> = {
    PATH: SEARCH_PATH.join(':'),
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    HOME: own.home,
    TMPDIR: own.home,
    [MARKER]: own.marker,
  }
  const descriptors: Buffer[] = []
  for (const [name, value] of Object.entries(declared)) {
    if (!isRefusedName(name)) env[name] = value
  }
  for (const credential of credentials) {
    if (credential.target === 'header' || isRefusedName(credential.name)) continue
    if (credential.target === 'env') env[credential.name] = credential.value
    else {
      env[credential.name] = String(FIRST_DESCRIPTOR + descriptors.length)
      descriptors.push(credential.value)
    }
  }
  return { env, descriptors }
}
