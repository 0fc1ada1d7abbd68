import { sha256Hex } from '../../crypto/digest.ts'
import { canonicalJson } from '../../ground/canonical-json.ts'

/** What a model reads of an entry, and what a client acts on. A change of any of it is a change of the entry. */
const PINNED = [
  'name',
  'title',
  'description',
  'inputSchema',
  'outputSchema',
  'annotations',
  'icons',
  'execution',
  'arguments',
  'uri',
  'uriTemplate',
  'mimeType',
  'frontmatter',
  'resources',
] as const

/** SHA-256 over the canonical pinned members of a definition, hex (POL-47). */
export function pinOf(definition: Readonly<Record<string, unknown>>): string {
  const members = Object.fromEntries(PINNED.map((name) => [name, definition[name]]))
  return sha256Hex(canonicalJson({ ...members, ui: uiOf(definition['_meta']) }))
}

function uiOf(meta: unknown): unknown {
  return typeof meta === 'object' && meta !== null && 'ui' in meta ? meta.ui : undefined
}
