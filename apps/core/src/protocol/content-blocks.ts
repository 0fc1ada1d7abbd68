import type { Span } from '../model/frame.ts'
import { OPEN_OBJECT } from './json-bytes.ts'
import { type Member, readElements, readMembers } from './members.ts'

/** The content blocks of a result: of a tool, and of a prompt's messages, where one may stand without an array. */
export function contentBlocks(bytes: Buffer, result: Span): readonly Span[] {
  return readMembers(bytes, result).flatMap(({ name, value }) => {
    if (name === 'content') return readElements(bytes, value)
    if (name === 'messages') {
      return readElements(bytes, value).flatMap((message) => blocksOfMessage(bytes, message))
    }
    return []
  })
}

function blocksOfMessage(bytes: Buffer, message: Span): readonly Span[] {
  const content = findMember(readMembers(bytes, message), 'content')
  if (!content) return []
  return bytes[content[0]] === OPEN_OBJECT ? [content] : readElements(bytes, content)
}

export const findMember = (members: readonly Member[], name: string): Span | undefined =>
  members.find((member) => member.name === name)?.value
