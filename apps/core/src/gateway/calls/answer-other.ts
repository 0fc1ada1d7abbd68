import { CoreError } from '../../ground/errors.ts'
import type { Call } from '../../model/call.ts'
import type { ServerRef } from '../../model/server.ts'
import type { AnswerCallDeps, Asking } from '../asking.ts'
import { govern } from './answer-call.ts'
import { render } from './render-call.ts'
import type { McpReply } from '../outcome.ts'
import { originOf } from './resolve-call.ts'
import { takeSlot } from '../slots.ts'
import { isUnprefixed } from '../lists/views.ts'

/**
 * A method that Peta does not know goes to the server for which a rule allows exactly this method, and otherwise
 * nowhere: undefined then (MCP-2). Its params are nobody's to rewrite.
 *
 * @throws CoreError `params_invalid` when more than one server would be meant
 */
export async function answerOther(
  deps: AnswerCallDeps,
  asking: Asking,
): Promise<McpReply | undefined> {
  const view = deps.views(asking)
  const calls = view.servers
    .map((server) => callTo(deps, asking, server))
    .filter((call) => deps.decide(asking.principal, call).effect === 'allow')
  const [call] = calls.length > 1 ? calls.filter(({ server }) => isUnprefixed(view, server)) : calls
  if (!call && calls.length === 0) return undefined
  if (!call) throw invalid('More than one server is allowed this method.')
  if (asking.frame.spans.lossyNumber) {
    throw invalid('A number is larger or finer than a double; send it as a string.')
  }
  const giveBack = takeSlot(deps.slots, asking)
  try {
    return render(deps, asking, call, await govern(deps, asking, call))
  } finally {
    giveBack()
  }
}

function callTo(deps: AnswerCallDeps, asking: Asking, server: ServerRef): Call {
  const { method, params } = asking.frame
  const { _meta, ...args } = params
  return { ...originOf(deps, asking), action: 'rpc.other', method, name: method, args, server }
}

const invalid = (problem: string): CoreError => new CoreError('params_invalid', { problem })
