import type { CatalogueEntry } from '../../model/catalogue.ts'
import type { CatalogueItem } from '../../model/server.ts'
import type { Era, Span } from '../../model/frame.ts'
import { type Member, readElements, readMembers, readValue } from '../../protocol/members.ts'
import { exposedUri } from '../../protocol/names.ts'
import { removeMembers } from '../../protocol/remove-members.ts'
import { type Edit, splice } from '../../protocol/splice.ts'
import { editOverride } from './render-override.ts'

/** The member that names an entry of each kind. */
const namedBy = {
  tool: 'name',
  prompt: 'name',
  resource: 'uri',
  resource_template: 'uriTemplate',
  skill: 'uri',
} as const

/**
 * An entry as lists show it: the server's definition to the byte, but for what its profile overrides, under the name that clients call it by (MCP-81,
 * MCP-105). `alias` is absent where its server's URIs are shown as they are. Older clients reject an `outputSchema`
 * that is no object's, so it is left out for them (MCP-62).
 */
export function renderItem(
  { item, override }: Pick<CatalogueEntry, 'item' | 'override'>,
  alias: string | undefined,
  era: Era,
): Buffer {
  const bytes = Buffer.from(item.definition)
  const members = readMembers(bytes, [startOf(bytes), bytes.length])
  const edits = [
    ...members.flatMap((member) => editMember(bytes, member, { item, alias, era })),
    ...(override ? editOverride(bytes, members, override) : []),
  ]
  return splice(bytes, edits)
}

type Alias = string | undefined
type Rendered = Readonly<{ item: CatalogueItem; alias: Alias; era: Era }>

function editMember(bytes: Buffer, member: Member, entry: Rendered): readonly Edit[] {
  const { name, value } = member
  const { item, alias, era } = entry
  if (name === namedBy[item.kind]) return [{ span: value, text: JSON.stringify(item.exposed) }]
  if (item.kind === 'skill' && name === 'resources') return editFiles(bytes, value, alias)
  if (name === '_meta') return editMeta(bytes, value, alias)
  const isRefused = name === 'outputSchema' && era === 'legacy' && !isObjectSchema(bytes, value)
  return isRefused ? removeMembers(bytes, [value]) : []
}

/** The files of a skill; only their URIs are rewritten, so digests still hold (MCP-142). */
const editFiles = (bytes: Buffer, files: Span, alias: Alias): readonly Edit[] =>
  readElements(bytes, files)
    .flatMap((file) => readMembers(bytes, file))
    .filter(({ name }) => name === 'uri')
    .flatMap(({ value }) => editUri(bytes, value, alias))

/** Where the definition of an app's tool names the resource that shows it. */
function editMeta(bytes: Buffer, meta: Span, alias: Alias): readonly Edit[] {
  return readMembers(bytes, meta).flatMap(({ name, value }) => {
    if (name === 'ui/resourceUri') return editUri(bytes, value, alias)
    const inner = name === 'ui' ? readMembers(bytes, value) : []
    return inner
      .filter((member) => member.name === 'resourceUri')
      .flatMap((member) => editUri(bytes, member.value, alias))
  })
}

function editUri(bytes: Buffer, span: Span, alias: Alias): readonly Edit[] {
  const uri = readValue(bytes, span)
  return typeof uri === 'string' ? [{ span, text: JSON.stringify(exposedUri(alias, uri)) }] : []
}

function isObjectSchema(bytes: Buffer, span: Span): boolean {
  const type = readMembers(bytes, span).find(({ name }) => name === 'type')
  return type !== undefined && readValue(bytes, type.value) === 'object'
}

const startOf = (bytes: Buffer): number => Math.max(bytes.indexOf('{'), 0)
