import { CoreError } from '../../ground/errors.ts'
import type { Call } from '../../model/call.ts'
import { type Decision, type Effect, isStricterThan } from '../../model/decision.ts'
import type { CallStages } from '../governed-call.ts'
import { resolveTarget, type ResolveTools } from './resolve-call.ts'
import type { Viewer, Views } from '../lists/views.ts'

export type StillAllowedDeps = ResolveTools &
  Readonly<{ views: Views; decide: CallStages['decide'] }>

/** A call that is under way, and what the rules said when it began. */
export type UnderWay = Readonly<{ call: Call; effect: Effect }>

/**
 * What would not begin any more does not go on either: rules and definitions may have changed while it waited (MCP-67,
 * MCP-137). Undefined when nothing stands against it.
 *
 * @throws CoreError `name_unknown`, `params_invalid` when its target is none any more
 */
export function objectionTo(
  deps: StillAllowedDeps,
  viewer: Viewer,
  { call, effect }: UnderWay,
): CoreError | Readonly<{ state: 'denied'; decision: Decision }> | undefined {
  const { entry } = resolveTarget(call.action, call.frame, deps.views(viewer), deps)
  const decision = deps.decide(viewer.principal, call)
  if (isStricterThan(decision.effect, effect)) {
    return decision.effect === 'deny' ? { state: 'denied', decision } : rulesChanged()
  }
  if (entry.item.pin === call.item?.pin) return undefined
  return new CoreError('definition_changed', { server: call.server.slug })
}

const rulesChanged = (): CoreError =>
  new CoreError('params_invalid', {
    problem: 'The rules changed while the call waited. Make it again.',
  })
