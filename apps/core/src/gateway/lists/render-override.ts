import type { ToolOverride } from '../../model/profile.ts'
import { insertFirst } from '../../protocol/insert-first.ts'
import { type Member, readMembers, readValue } from '../../protocol/members.ts'
import { removeMembers } from '../../protocol/remove-members.ts'
import type { Edit } from '../../protocol/splice.ts'

/** Edits that show a tool as its profile has it (MCP-110). What the server wrote is otherwise left as it is. */
export function editOverride(
  bytes: Buffer,
  members: readonly Member[],
  { title, suffix, pinned }: ToolOverride,
): readonly Edit[] {
  const spanOf = (name: string) => members.find((member) => member.name === name)?.value
  const added: string[] = []
  const edits: Edit[] = []
  const put = (name: string, text: string): void => {
    const span = spanOf(name)
    if (span) edits.push({ span, text: JSON.stringify(text) })
    else added.push(`${JSON.stringify(name)}:${JSON.stringify(text)}`)
  }
  if (title !== undefined) put('title', title)
  if (suffix !== undefined) {
    const span = spanOf('description')
    put('description', span ? `${String(readValue(bytes, span))}\n\n${suffix}` : suffix)
  }
  const schema = spanOf('inputSchema')
  if (schema) edits.push(...hideArguments(bytes, readMembers(bytes, schema), pinned))
  const whole = [bytes.indexOf('{'), bytes.length] as const
  return added.length === 0 ? edits : [insertFirst(bytes, whole, added.join(',')), ...edits]
}

/** A fixed argument is none that a client gives, so its schema neither names nor demands it. */
function hideArguments(
  bytes: Buffer,
  schema: readonly Member[],
  pinned: ToolOverride['pinned'],
): readonly Edit[] {
  const isPinned = (name: unknown): boolean =>
    typeof name === 'string' && Object.hasOwn(pinned, name)
  return schema.flatMap(({ name, value }): readonly Edit[] => {
    if (name === 'properties') {
      const hidden = readMembers(bytes, value).filter((member) => isPinned(member.name))
      return removeMembers(
        bytes,
        hidden.map((member) => member.value),
      )
    }
    if (name !== 'required') return []
    const required = readValue(bytes, value)
    if (!Array.isArray(required) || !required.some(isPinned)) return []
    return [{ span: value, text: JSON.stringify(required.filter((one) => !isPinned(one))) }]
  })
}
