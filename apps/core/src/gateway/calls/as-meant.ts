import { shownName } from '../../model/own-tools.ts'
import type { AnswerCallDeps, Asking } from '../asking.ts'
import { withPinned } from './pinned-arguments.ts'
import { callOf, findTool, originOf, resolveTarget } from './resolve-call.ts'
import { innerCall } from '../search/inner-call.ts'

const CALL_TOOL = shownName('call_tool')

/**
 * A call of a tool as it is judged and sent: taken out of `call_tool`, and with the arguments that a profile fixes
 * (MCP-110, MCP-146).
 *
 * @throws CoreError `name_unknown`, `params_invalid`
 */
export function asMeant(deps: AnswerCallDeps, outer: Asking): Asking {
  const asking = throughCallTool(deps, outer)
  // Few endpoints fix anything, and the others look names up once.
  if (!asking.profile?.overrides.length) return asking
  const { name } = asking.frame.params
  const entry = typeof name === 'string' ? findTool(deps.views(asking), name) : undefined
  if (!entry?.override) return asking
  return { ...asking, frame: withPinned(asking.frame, entry.override.pinned) }
}

/** A call of `call_tool` that no rule denies is from here on the call that it holds. */
function throughCallTool(deps: AnswerCallDeps, asking: Asking): Asking {
  const { frame, principal } = asking
  if (frame.params['name'] !== CALL_TOOL) return asking
  const target = resolveTarget('tool.call', frame, deps.views(asking), deps)
  const call = callOf({ ...originOf(deps, asking), action: 'tool.call' }, target)
  const { effect } = deps.decide(principal, call)
  return effect === 'allow' ? { ...asking, frame: innerCall(frame), isInner: true } : asking
}
