import { sha256Hex } from '../crypto/digest.ts'
import { canonicalJson } from '../ground/canonical-json.ts'
import type { Credential, CredentialSet, Scrubber } from '../model/clearance.ts'
import type { ServerDefinition } from '../model/server.ts'
import { EVERY_TOOL, type Binding } from './binding.ts'
import type { OpenedSecret } from './open.ts'
import { createScrubber } from './scrub/scrubber.ts'

/** What one server gets, by tool. Values are in clear; it lives in memory only. */
export type ServerCredentials = Readonly<{
  /** Without a tool: what every request may carry. */
  setFor: (tool: string | undefined) => CredentialSet
  /** Epoch ms at which the first of the secrets expires. */
  expiresAtMs: number
  secretIds: readonly string[]
}>

type Placed = Readonly<{ secret: OpenedSecret; binding: Binding }>

const SETS_MAX = 1000

/** Sets are built once per server and choice of secrets, so that a call only looks one up. */
export function createServerCredentials(
  server: ServerDefinition,
  opened: readonly OpenedSecret[],
): ServerCredentials {
  const placed = opened.flatMap((secret) => secret.bindings.map((binding) => ({ secret, binding })))
  const scrubber = createScrubber(
    opened.map((secret) => ({ name: secret.name, values: sentValues(secret) })),
  )
  const common = buildSet(server, placed.filter(isForEveryTool), scrubber)
  const isCommon = placed.every(isForEveryTool)
  const byTool = new Map<string, CredentialSet>()

  return {
    expiresAtMs: Math.min(Infinity, ...opened.map((secret) => secret.expiresAtMs)),
    secretIds: opened.map(({ id }) => id),
    setFor(tool) {
      if (isCommon || tool === undefined) return common
      const known = byTool.get(tool)
      if (known) return known
      const mine = placed.filter((at) => isForEveryTool(at) || at.binding.tools.includes(tool))
      const set = buildSet(server, mine, scrubber)
      if (byTool.size < SETS_MAX) byTool.set(tool, set)
      return set
    },
  }
}

const isForEveryTool = ({ binding }: Placed): boolean => binding.tools.includes(EVERY_TOOL)

function buildSet(
  server: ServerDefinition,
  placed: readonly Placed[],
  scrubber: Scrubber,
): CredentialSet {
  const secrets = new Map(placed.map(({ secret }) => [secret.id, secret.version]))
  const parts = placed.map(({ secret, binding }) => [secret.id, secret.version, binding.id])
  return {
    version: sha256Hex(canonicalJson([server.hash, ...parts])),
    credentials: placed.map((at) => credential(server, at)),
    secrets: [...secrets].map(([id, version]) => ({ id, version })),
    scrubber,
  }
}

function credential(server: ServerDefinition, { secret, binding }: Placed): Credential {
  const { target, name, prefix } = binding
  switch (target) {
    case 'header':
      return { target, name, value: prefix + headerText(secret.value), hosts: hostsOf(server) }
    case 'basic':
      return {
        target: 'header',
        name,
        value: `Basic ${secret.value.toString('base64')}`,
        hosts: hostsOf(server),
      }
    case 'env':
      return { target, name, value: secret.value.toString('utf8') }
    case 'descriptor':
      return { target, name, value: secret.value }
  }
}

/** Checked when bound and when opened to be among the bound ones; nothing wider leaves the vault (VLT-45). */
const hostsOf = ({ launch }: ServerDefinition): readonly string[] =>
  launch.kind === 'http' ? [new URL(launch.url).host] : []

const headerText = (value: Buffer): string => value.toString('utf8')

/** All that a server is given to know: the value, and of user and password the password alone too (VLT-60). */
function sentValues({ value, bindings }: OpenedSecret): readonly Uint8Array[] {
  const isBasic = bindings.some(({ target }) => target === 'basic')
  return isBasic ? [value, value.subarray(value.indexOf(':') + 1)] : [value]
}
