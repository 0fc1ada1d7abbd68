import type { Span } from '../model/frame.ts'
import { contentBlocks, findMember } from './content-blocks.ts'
import { readElements, readMembers, readValue } from './members.ts'

const URI_MEMBER = Buffer.from('"uri"')

/**
 * Where a result names resources that a client might read: contents, resource links and embedded resources, in a
 * tool's result and in a prompt's messages (MCP-105). Not in text and not in `structuredContent`.
 */
export function resultUris(bytes: Buffer, result: Span): readonly Span[] {
  if (!bytes.includes(URI_MEMBER)) return []
  const contents = findMember(readMembers(bytes, result), 'contents')
  const read = contents ? readElements(bytes, contents) : []
  return [
    ...read.flatMap((resource) => uriOf(bytes, resource)),
    ...contentBlocks(bytes, result).flatMap((block) => blockUri(bytes, block)),
  ]
}

function blockUri(bytes: Buffer, block: Span): readonly Span[] {
  const members = readMembers(bytes, block)
  const type = findMember(members, 'type')
  const kind = type && readValue(bytes, type)
  if (kind === 'resource_link') return uriOf(bytes, block)
  const resource = kind === 'resource' ? findMember(members, 'resource') : undefined
  return resource ? uriOf(bytes, resource) : []
}

function uriOf(bytes: Buffer, object: Span): readonly Span[] {
  const uri = findMember(readMembers(bytes, object), 'uri')
  return uri && typeof readValue(bytes, uri) === 'string' ? [uri] : []
}
