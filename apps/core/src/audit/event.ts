import type { AuditEventType } from '@peta/contract'

import type { Clock } from '../ground/clock.ts'
import type { NewId } from '../ground/ids.ts'
import type { AuditDraft, AuditOutcome } from '../model/audit-event.ts'

/**
 * What a stage says happened. `workspaceId` is empty for events of the deployment itself. `fields` are the members of
 * the format (`server`, `policy`, `approval`, `secrets` and so on); any other name is kept under `detail`. Never
 * arguments of a call, results, or secrets.
 */
export type EventDescription = Readonly<{
  type: AuditEventType
  workspaceId: string
  outcome?: AuditOutcome
  /** User or agent id. Written as `actor.user_id` or `agent.id` unless `fields` say more. */
  actorId?: string
  target?: string
  causeId?: string
  fields?: Readonly<Record<string, unknown>>
}>

/** Gives an event its id, time and text. Every stage that changes state takes this as a dependency. */
export type Draft = (event: EventDescription) => AuditDraft

/** The order of members after those that the writer puts in front (AUD-11). */
export const FIELD_ORDER = [
  'actor',
  'agent',
  'source',
  'server',
  'target',
  'request',
  'policy',
  'approval',
  'secrets',
  'egress',
  'result',
  'error',
  'trace',
] as const

const ORDERED: ReadonlySet<string> = new Set(FIELD_ORDER)

/** Bytes of text in an indexed column (STO-24). */
const INDEXED_CHARS_MAX = 128

export function createDraft({ clock, newId }: Readonly<{ clock: Clock; newId: NewId }>): Draft {
  return function draft(event) {
    return {
      id: newId('evt'),
      tsMs: clock.nowMs(),
      workspaceId: event.workspaceId,
      type: event.type,
      ...(event.outcome && { outcome: event.outcome }),
      ...(event.actorId && { actorId: event.actorId }),
      ...(event.target && { target: indexed(event.target) }),
      ...(event.causeId && { causeId: event.causeId }),
      fields: fieldsOf(event, clock.monotonicUs()),
    }
  }
}

/** `mono_us`, `workspace_id`, `type` and `outcome`: what every event starts with, without a closing comma. */
export function leadingFields(
  event: Pick<EventDescription, 'type' | 'workspaceId' | 'outcome'>,
  monotonicUs: number,
): string {
  const workspace =
    event.workspaceId === '' ? '' : `,"workspace_id":${JSON.stringify(event.workspaceId)}`
  const outcome = event.outcome === undefined ? '' : `,"outcome":"${event.outcome}"`
  return `"mono_us":${monotonicUs}${workspace},"type":"${event.type}"${outcome}`
}

/** Text that fits an index on both engines: no NUL, no lone surrogates, not too long. The body has all of it. */
export function indexed(text: string): string {
  const short = text.length > INDEXED_CHARS_MAX ? text.slice(0, INDEXED_CHARS_MAX) : text
  return short.toWellFormed().replaceAll('\0', '\uFFFD')
}

function fieldsOf(event: EventDescription, monotonicUs: number): string {
  const given = Object.entries(event.fields ?? {}).filter(([, value]) => value !== undefined)
  const members: Record<string, unknown> = { ...whoAndWhat(event), ...Object.fromEntries(given) }
  const known = FIELD_ORDER.filter((name) => members[name] !== undefined)
  const detail = given.filter(([name]) => !ORDERED.has(name))
  return [
    leadingFields(event, monotonicUs),
    ...known.map((name) => `"${name}":${JSON.stringify(members[name])}`),
    ...(event.causeId ? [`"cause_id":${JSON.stringify(event.causeId)}`] : []),
    ...(detail.length > 0 ? [`"detail":${JSON.stringify(Object.fromEntries(detail))}`] : []),
  ].join(',')
}

/** Index copies are never the only place a fact stands: the hashed bytes hold it too (AUD-21). */
function whoAndWhat({ actorId, target }: EventDescription): Record<string, unknown> {
  const who = actorId?.startsWith('agt_')
    ? { agent: { id: actorId } }
    : { actor: { user_id: actorId } }
  return { ...(actorId && who), ...(target && { target: { name: target } }) }
}
