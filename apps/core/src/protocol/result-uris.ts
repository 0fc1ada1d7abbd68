import type { Span } from '../model/frame.ts'
import { type Member, readElements, readMembers, readValue } from './members.ts'

const URI_MEMBER = Buffer.from('"uri"')

/**
 * Where a result names resources that a client might read: contents, resource links and embedded resources, in a
 * tool's result and in a prompt's messages (MCP-105). Not in text and not in `structuredContent`.
 */
export function resultUris(bytes: Buffer, result: Span): readonly Span[] {
  if (!bytes.includes(URI_MEMBER)) return []
  return readMembers(bytes, result).flatMap(({ name, value }) => {
    if (name === 'contents') return readElements(bytes, value).flatMap((at) => uriOf(bytes, at))
    if (name === 'content') return blockUris(bytes, value)
    if (name === 'messages') return messageUris(bytes, value)
    return []
  })
}

const messageUris = (bytes: Buffer, messages: Span): readonly Span[] =>
  readElements(bytes, messages).flatMap((message) => {
    const content = find(readMembers(bytes, message), 'content')
    return content ? [...blockUris(bytes, content), ...blockUri(bytes, content)] : []
  })

const blockUris = (bytes: Buffer, blocks: Span): readonly Span[] =>
  readElements(bytes, blocks).flatMap((block) => blockUri(bytes, block))

function blockUri(bytes: Buffer, block: Span): readonly Span[] {
  const members = readMembers(bytes, block)
  const type = find(members, 'type')
  const kind = type && readValue(bytes, type)
  if (kind === 'resource_link') return uriOf(bytes, block)
  const resource = kind === 'resource' ? find(members, 'resource') : undefined
  return resource ? uriOf(bytes, resource) : []
}

function uriOf(bytes: Buffer, object: Span): readonly Span[] {
  const uri = find(readMembers(bytes, object), 'uri')
  return uri && typeof readValue(bytes, uri) === 'string' ? [uri] : []
}

const find = (members: readonly Member[], name: string): Span | undefined =>
  members.find((member) => member.name === name)?.value
