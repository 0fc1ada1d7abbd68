import { CoreError } from '../../ground/errors.ts'
import type { Action, Call } from '../../model/call.ts'
import type { CatalogueEntry } from '../../model/catalogue.ts'
import type { Frame } from '../../model/frame.ts'
import { isReadOnly } from '../../model/read-only.ts'
import { originalUri } from '../../protocol/names.ts'
import { normalizeUri } from '../../protocol/uri.ts'
import { appTool, showsApps } from '../lists/app-tools.ts'
import type { AnswerCallDeps, Asking } from '../asking.ts'
import type { ToolContracts } from './check-arguments.ts'
import { findSkillFile } from '../lists/skills.ts'
import type { TemplateMatch } from './uri-template.ts'
import { isUnprefixed, type View } from '../lists/views.ts'

/** What a request names: an entry that its principal can see, and the server's own word for it. */
export type Target = Named & Readonly<{ isUnprefixed: boolean }>

type Named = Readonly<{
  entry: CatalogueEntry
  name: string
  args: unknown
  uri?: string
  via?: 'app'
}>

export type ResolveTools = Readonly<{
  contracts: ToolContracts
  templateMatch: (template: string) => TemplateMatch
}>

/**
 * Finds what a request is about, by map only, and checks its arguments against the accepted definition. What the
 * principal cannot see does not exist here: hidden, quarantined and unknown names take the same way and get the same
 * answer (MCP-107, POL-36).
 *
 * @throws CoreError `name_unknown`, `params_invalid`
 */
export function resolveTarget(
  action: Action,
  frame: Frame,
  view: View,
  tools: ResolveTools,
): Target {
  const named = resolveNamed(action, frame, view, tools)
  return { ...named, isUnprefixed: isUnprefixed(view, named.entry.server) }
}

// oxlint-disable-next-line max-params -- private, and each is another thing
function resolveNamed(action: Action, frame: Frame, view: View, tools: ResolveTools): Named {
  switch (action) {
    case 'tool.call':
      return resolveTool(frame, view, tools)
    case 'prompt.get':
      return resolvePrompt(frame, view)
    case 'resource.read':
      return resolveUri(readText(frame.params['uri'], 'uri'), view, tools)
    case 'completion.get':
      return resolveCompletion(frame, view)
    case 'client.sample':
    case 'client.elicit':
    case 'client.roots':
    case 'rpc.other':
      throw new CoreError('name_unknown')
  }
}

/**
 * The resource that clients see under a URI, as a read of it would find it.
 *
 * @throws CoreError `name_unknown`, `params_invalid`
 */
export function resolveResource(uri: string, view: View, tools: ResolveTools): Target {
  const named = resolveUri(uri, view, tools)
  return { ...named, isUnprefixed: isUnprefixed(view, named.entry.server) }
}

export type CallOrigin = Pick<
  Call,
  | 'id'
  | 'workspaceId'
  | 'action'
  | 'frame'
  | 'clientEra'
  | 'logLevel'
  | 'round'
  | 'own'
  | 'clientIp'
  | 'receivedAtMs'
>

/** What a call has of its request, whatever it is about. */
export function originOf(
  { newId, clock }: Pick<AnswerCallDeps, 'newId' | 'clock'>,
  asking: Asking,
) {
  const { frame, principal, era, session, clientIp } = asking
  const logLevel = session?.logLevel
  return {
    id: newId('call'),
    workspaceId: principal.workspaceId,
    frame,
    clientEra: era,
    ...(logLevel !== undefined && { logLevel }),
    ...(showsApps(asking) && { showsApps: true }),
    clientIp,
    receivedAtMs: clock.nowMs(),
  }
}

export function callOf(origin: CallOrigin, { entry, uri, ...named }: Target): Call {
  const { server, item } = entry
  const { method } = origin.frame
  const keeping = keepingOf(entry)
  return {
    ...origin,
    ...named,
    ...keeping,
    method,
    server,
    item,
    ...(uri !== undefined && { uri }),
  }
}

/** Only what an administrator both labelled as a read and chose to keep (MCP-121). */
const keepingOf = ({ item, override }: CatalogueEntry): Pick<Call, 'keepMs'> =>
  override?.keepSeconds !== undefined && isReadOnly(item)
    ? { keepMs: override.keepSeconds * 1000 }
    : {}

function resolveTool({ params, spans }: Frame, view: View, { contracts }: ResolveTools): Named {
  const exposed = readText(params['name'], 'name')
  const entry = findTool(view, exposed)
  if (!entry) throw new CoreError('name_unknown')
  const args = params['arguments'] ?? {}
  const contract = contracts(entry.item)
  if (spans.lossyNumber) contract.checkExact(args)
  else contract.check(args)
  const isBare = entry.item.exposed !== exposed
  return { entry, name: entry.item.name, args, ...(isBare && { via: 'app' }) }
}

/** By the name that lists show, or by its server's own where an app may use that. */
export const findTool = (view: View, name: string): CatalogueEntry | undefined =>
  view.find('tool', name) ?? appTool(view, name)

function resolvePrompt({ params }: Frame, view: View): Named {
  const entry = view.find('prompt', readText(params['name'], 'name'))
  if (!entry) throw new CoreError('name_unknown')
  const args = params['arguments'] ?? {}
  const isFlat = isObject(args) && Object.values(args).every((value) => typeof value === 'string')
  if (!isFlat) throw invalid('Arguments of a prompt are strings.')
  return { entry, name: entry.item.name, args }
}

/**
 * A listed URI is read as it was listed; any other must come from a template, and have only one spelling. What begins
 * with a prefix belongs to the server it names, or to the un-prefixed one, and to no other.
 */
function resolveUri(sent: string, view: View, tools: ResolveTools): Named {
  const file = findSkillFile(view, sent)
  if (file) return resourceTarget(file.entry, file.uri)
  const listed = view.find('resource', sent)
  if (listed) return resourceTarget(listed, listed.item.name)

  const prefixed = originalUri(sent)
  const named = prefixed ? prefixedTemplates(prefixed, view, tools) : []
  const offers = named.length > 0 ? [] : offersOf(sent, view, tools)
  const unprefixed = offers.filter(({ server }) => isUnprefixed(view, server))
  const byOwnUri = unprefixed.length > 0 || prefixed ? unprefixed : offers
  const found = named.length > 0 ? named : byOwnUri
  const [entry] = found
  const isOneServer = new Set(found.map(({ server }) => server.id)).size === 1
  if (!entry || !isOneServer) throw new CoreError('name_unknown', { uri: sent })
  return resourceTarget(entry, named.length > 0 && prefixed ? prefixed.uri : sent)
}

type Prefixed = NonNullable<ReturnType<typeof originalUri>>

const prefixedTemplates = ({ alias, uri }: Prefixed, view: View, tools: ResolveTools) =>
  templatesFor(uri, view, tools).filter(
    ({ server }) => server.slug === alias && !isUnprefixed(view, server),
  )

/** Text of a model often holds a URI as its server wrote it; that works where only one server can be meant (MCP-105). */
function offersOf(uri: string, view: View, tools: ResolveTools): readonly CatalogueEntry[] {
  const listed = view.entries('resource').filter(({ item }) => item.name === uri)
  return [...listed, ...templatesFor(uri, view, tools)]
}

const templatesFor = (uri: string, view: View, tools: ResolveTools): readonly CatalogueEntry[] =>
  view.entries('resource_template').filter(({ item }) => tools.templateMatch(item.name)(uri))

const resourceTarget = (entry: CatalogueEntry, name: string): Named => ({
  entry,
  name,
  args: {},
  uri: normalizeUri(name),
})

function resolveCompletion({ params }: Frame, view: View): Named {
  const reference = params['ref']
  if (!isObject(reference)) throw invalid('ref is missing.')
  const entry = referenced(reference, view)
  if (!entry) throw new CoreError('name_unknown')
  const args = { argument: params['argument'], context: params['context'] }
  return { entry, name: entry.item.name, args }
}

function referenced(
  reference: Readonly<Record<string, unknown>>,
  view: View,
): CatalogueEntry | undefined {
  if (reference['type'] === 'ref/prompt') {
    return view.find('prompt', readText(reference['name'], 'ref.name'))
  }
  if (reference['type'] !== 'ref/resource') throw invalid('ref.type is not known.')
  const uri = readText(reference['uri'], 'ref.uri')
  return view.find('resource_template', uri) ?? view.find('resource', uri)
}

function readText(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw invalid(`${name} is not a string.`)
}

const invalid = (problem: string): CoreError => new CoreError('params_invalid', { problem })

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
