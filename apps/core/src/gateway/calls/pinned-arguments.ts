import { CoreError } from '../../ground/errors.ts'
import type { Frame } from '../../model/frame.ts'
import type { ToolOverride } from '../../model/profile.ts'
import { parseClientMessage } from '../../protocol/frame.ts'
import { insertFirst } from '../../protocol/insert-first.ts'
import { splice } from '../../protocol/splice.ts'
import { fold } from './undeclared-arguments.ts'

/**
 * A call with the arguments that its profile fixes, as if its client had sent them: they are written into its bytes,
 * which are read anew, so that what is judged, shown and sent has them (MCP-80, MCP-110).
 *
 * @throws CoreError `params_invalid` when the client gives one itself, in whatever case
 */
export function withPinned(frame: Frame, pinned: ToolOverride['pinned']): Frame {
  const { bytes, params, spans } = frame
  const names = Object.keys(pinned)
  if (names.length === 0) return frame
  refuseGiven(names, params['arguments'] ?? {})
  const members = JSON.stringify(pinned).slice(1, -1)
  const edit = spans.arguments
    ? insertFirst(bytes, spans.arguments, members)
    : spans.params && insertFirst(bytes, spans.params, `"arguments":{${members}}`)
  const message = edit && parseClientMessage(splice(bytes, [edit]))
  if (message?.kind !== 'request') throw invalid('The request has no params.')
  return message.frame
}

function refuseGiven(names: readonly string[], args: unknown): void {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    throw invalid('arguments is not an object.')
  }
  const fixed = new Set(names.map(fold))
  const given = Object.keys(args).find((name) => fixed.has(fold(name)))
  if (given !== undefined) throw invalid('An argument was given that this endpoint fixes.')
}

const invalid = (problem: string): CoreError => new CoreError('params_invalid', { problem })
