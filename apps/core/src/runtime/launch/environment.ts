import type { Credential } from '../../model/clearance.ts'
import { isRefusedVariable } from '../../model/variable-names.ts'

/** Where a command name is looked up, and the child's own PATH. Fixed, so that no setting leads elsewhere (RUN-7). */
export const SEARCH_PATH = ['/usr/local/bin', '/usr/bin', '/bin'] as const

/** Names the child of this instance in its environment, for the sweep of orphans (RUN-67). */
export const MARKER = 'PETA_INSTANCE'

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
    if (!isRefusedVariable(name)) env[name] = value
  }
  for (const credential of credentials) {
    if (credential.target === 'header' || isRefusedVariable(credential.name)) continue
    if (credential.target === 'env') env[credential.name] = credential.value
    else {
      env[credential.name] = String(FIRST_DESCRIPTOR + descriptors.length)
      descriptors.push(credential.value)
    }
  }
  return { env, descriptors }
}
