import type { Span } from '../model/frame.ts'
import { readMembers } from './members.ts'
import type { Edit } from './splice.ts'

/** Puts the text of a member, or of several, in front of the members of the object at `object`. */
export function insertFirst(bytes: Buffer, object: Span, member: string): Edit {
  const at = object[0] + 1
  const isEmpty = readMembers(bytes, object).length === 0
  return { span: [at, at], text: isEmpty ? member : `${member},` }
}
