import { CoreError } from '../../ground/errors.ts'
import type { Frame } from '../../model/frame.ts'
import { isOwnToolName } from '../../model/own-tools.ts'
import { parseClientMessage } from '../../protocol/frame.ts'
import { readMembers } from '../../protocol/members.ts'
import { splice } from '../../protocol/splice.ts'

/**
 * The call that a call of `call_tool` holds, as if its client had made it: the same bytes, but that the inner name and
 * arguments stand where the outer ones stood. It is read anew, so what is judged is what is sent (MCP-80, MCP-146).
 *
 * @throws CoreError `name_unknown` for one of Peta's own tools, whatever it is
 */
export function innerCall({ bytes, params, spans }: Frame): Frame {
  const members = spans.arguments ? readMembers(bytes, spans.arguments) : []
  const name = members.find((member) => member.name === 'name')
  const args = members.find((member) => member.name === 'arguments')
  if (!name || !spans.name || !spans.arguments || isOwnToolName(innerName(params))) {
    throw new CoreError('name_unknown')
  }
  const edits = [
    { span: spans.name, text: bytes.subarray(...name.value) },
    { span: spans.arguments, text: args ? bytes.subarray(...args.value) : '{}' },
  ]
  const message = parseClientMessage(splice(bytes, edits))
  if (message.kind !== 'request') throw new CoreError('name_unknown')
  return message.frame
}

function innerName({ arguments: args }: Frame['params']): string {
  return typeof args === 'object' && args !== null && 'name' in args ? String(args.name) : ''
}
