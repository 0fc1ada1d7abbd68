import { basename } from 'node:path'
import { z } from 'zod'

import { sha256Hex } from '../../crypto/digest.ts'
import { parseDestination } from '../../egress/destination.ts'
import { canonicalJson } from '../../ground/canonical-json.ts'
import { CoreError, isCoreError } from '../../ground/errors.ts'
import type { ServerDefinition, StdioLaunch } from '../../model/server.ts'
import { isRefusedVariable } from '../../model/variable-names.ts'
import { isAlias } from '../../protocol/names.ts'
import type { Executables } from '../launch/executable.ts'

const text = z.string().refine((value) => !value.includes('\0'), 'holds a NUL character')

const StdioBody = z.strictObject({
  kind: z.literal('stdio'),
  command: text.min(1).max(4096),
  commandDigest: z.string().optional(),
  args: z.array(text.max(8192)).max(256),
  env: z.record(z.string(), text.max(8192)),
  cwd: text.max(4096).optional(),
})

const HttpBody = z.strictObject({
  kind: z.literal('http'),
  url: z.string().max(2048),
  allowLoopback: z.boolean(),
})

const DefinitionBody = z.strictObject({
  slug: z.string(),
  title: z.string().min(1).max(128),
  labels: z.array(z.string().max(64)).max(20),
  era: z.enum(['auto', 'modern', 'legacy']),
  launch: z.discriminatedUnion('kind', [StdioBody, HttpBody]),
  inFlightMax: z.int().min(1).max(256),
  idleStopMs: z.int().min(60_000),
  relaysBaggage: z.boolean().optional(),
  roots: z
    .array(
      z.strictObject({
        uri: z.url({ protocol: /^file$/ }).max(4096),
        name: text.max(128).optional(),
      }),
    )
    .max(50)
    .optional(),
  probeUnsafe: z.boolean().optional(),
})

/** What an administrator writes: everything of a definition that its hash covers (RUN-2). */
export type DefinitionInput = z.input<typeof DefinitionBody>

/** The exact text that is stored, and its hash: what audit and approvals name. */
export type SealedDefinition = Readonly<{ body: string; hash: string; slug: string }>

/**
 * Checks a definition, fixes its command to one file, and hashes it (RUN-2, RUN-7).
 *
 * @throws CoreError `definition_invalid` with a sentence that says what to change
 */
export async function sealDefinition(
  input: unknown,
  executables: Pick<Executables, 'resolve'>,
): Promise<SealedDefinition> {
  const parsed = DefinitionBody.safeParse(input)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { slug, launch } = parsed.data
  if (!isAlias(slug)) throw invalid(`"${slug}" cannot be a slug; "peta" is reserved.`)
  const sealed =
    launch.kind === 'stdio' ? await sealProcess(launch, executables) : sealRemote(launch)
  const body = canonicalJson({ ...parsed.data, launch: sealed })
  return { body, hash: sha256Hex(body), slug }
}

type StoredServer = Readonly<{
  id: string
  workspaceId: string
  version: number
  hash: string
  body: string
  enabled: boolean
}>

/**
 * Reads a stored definition back, and refuses one that was altered in the database.
 *
 * @throws CoreError `definition_invalid`
 */
export function openDefinition({ body, ...stored }: StoredServer): ServerDefinition {
  if (sha256Hex(body) !== stored.hash) {
    throw invalid('The stored definition does not have its hash. Install the server again.')
  }
  const { launch, ...rest } = withoutUndefined(DefinitionBody.parse(JSON.parse(body)))
  const transport = launch.kind
  return { ...stored, ...rest, transport, launch: withoutUndefined(launch) }
}

async function sealProcess(
  launch: z.infer<typeof StdioBody>,
  executables: Pick<Executables, 'resolve'>,
): Promise<StdioLaunch> {
  for (const name of Object.keys(launch.env)) {
    if (isRefusedVariable(name)) throw invalid(`The environment name ${name} may not be set.`)
  }
  if (launch.cwd !== undefined && !launch.cwd.startsWith('/')) {
    throw invalid('The working directory must be an absolute path.')
  }
  const { path, digest } = await executables.resolve(launch.command)
  refuseDownloads(path, launch.args)
  return withoutUndefined({ ...launch, command: path, commandDigest: digest })
}

function sealRemote(launch: z.infer<typeof HttpBody>): z.infer<typeof HttpBody> {
  try {
    return { ...launch, url: parseDestination(launch).href }
  } catch (error) {
    const problem = isCoreError(error) && error.facts['problem']
    if (typeof problem === 'string') throw invalid(problem)
    throw error
  }
}

const RUNNERS: ReadonlySet<string> = new Set(['npx', 'pnpx', 'bunx', 'uvx'])
const SUBCOMMANDS: Readonly<Record<string, readonly string[]>> = {
  npm: ['exec', 'x', 'init', 'create'],
  pnpm: ['dlx', 'exec', 'create'],
  yarn: ['dlx', 'create'],
  bun: ['x', 'create'],
  pipx: ['run'],
  uv: ['tool', 'run'],
}
const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'fish', 'busybox'])

/** Running never downloads: what ran yesterday and was reviewed is what runs today (RUN-8). */
function refuseDownloads(path: string, args: readonly string[]): void {
  const name = basename(path)
  const fetches = SUBCOMMANDS[name]?.some((word) => args.includes(word)) ?? false
  if (RUNNERS.has(name) || fetches) {
    throw invalid(`${name} would download code at each start. Install it, and give its own path.`)
  }
  if (SHELLS.has(name) && args.some((argument) => /^-[a-z]*c/.test(argument))) {
    throw invalid('A shell command line cannot be reviewed. Give the program and its arguments.')
  }
}

function withoutUndefined<T extends object>(value: T): WithoutUndefined<T> {
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only undefined members are gone
  return Object.fromEntries(members) as WithoutUndefined<T>
}

type WithoutUndefined<T> = T extends unknown ? { [K in keyof T]: Exclude<T[K], undefined> } : never

const invalid = (problem: string): CoreError => new CoreError('definition_invalid', { problem })
