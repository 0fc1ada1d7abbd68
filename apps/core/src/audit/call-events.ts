import type { Clock } from '../ground/clock.ts'
import type { NewId } from '../ground/ids.ts'
import type { AuditDraft, AuditOutcome } from '../model/audit-event.ts'
import type { Call } from '../model/call.ts'
import type { Decision, RuleHit } from '../model/decision.ts'
import type { Principal } from '../model/principal.ts'
import type { CatalogueItem, ServerRef } from '../model/server.ts'
import { indexed, leadingFields } from './event.ts'

export type Intent = Readonly<{ principal: Principal; call: Call; decision: Decision }>

/** How a call ended, as far as the log tells it: sizes and codes, never content. */
export type CallEnd = Readonly<{
  outcome: AuditOutcome
  durationUs: number
  result?: Readonly<{ bytes: number; isError: boolean; isKept?: boolean }>
  errorCode?: string
  approval?: Readonly<{ id: string; state: string }>
}>

export type CallEvents = Readonly<{
  decided: (intent: Intent) => AuditDraft
  completed: (intent: Intent, causeId: string, end: CallEnd) => AuditDraft
}>

const decidedOutcome = {
  allow: 'allowed',
  require_approval: 'pending',
  deny: 'denied',
} as const satisfies Record<Decision['effect'], AuditOutcome>

/**
 * The two events of every call, written by hand instead of from objects because the hot path makes both. Text that
 * stays the same for a principal, a server or a catalogue entry is made once for it.
 */
export function createCallEvents({
  clock,
  newId,
}: Readonly<{ clock: Clock; newId: NewId }>): CallEvents {
  const principalText = onceFor(writePrincipal)
  const serverText = onceFor(writeServer)
  const itemText = onceFor(writeItem)
  const itemTarget = onceFor(({ exposed }: CatalogueItem) => indexed(exposed))
  // Most decisions are kept by the policy, because no argument can change them.
  const policyText = onceFor(writePolicy)

  const draft = (
    { principal, call }: Intent,
    event: Pick<AuditDraft, 'type' | 'fields'> & Readonly<{ outcome: AuditOutcome }>,
  ) => ({
    id: newId('evt'),
    tsMs: clock.nowMs(),
    workspaceId: call.workspaceId,
    actorId: principal.agent.id,
    target: call.item ? itemTarget(call.item) : indexed(call.name),
    ...event,
  })
  const whoAndWhat = ({ principal, call }: Intent) =>
    `${principalText(principal)},${serverText(call.server)},${call.item ? itemText(call.item) : writeTarget(call)}`

  return {
    decided(intent) {
      const { call, decision } = intent
      const event = {
        type: 'call.decided',
        workspaceId: call.workspaceId,
        outcome: decidedOutcome[decision.effect],
      } as const
      const fields = `${leadingFields(event, clock.monotonicUs())},${whoAndWhat(intent)},${writeRequest(call)},${policyText(decision)}`
      return draft(intent, { type: event.type, outcome: event.outcome, fields })
    },
    completed(intent, causeId, end) {
      const event = {
        type: 'call.completed',
        workspaceId: intent.call.workspaceId,
        outcome: end.outcome,
      } as const
      const fields = `${leadingFields(event, clock.monotonicUs())},${whoAndWhat(intent)}${writeEnd(end)},"cause_id":"${causeId}","duration_us":${end.durationUs}`
      return { ...draft(intent, { type: event.type, outcome: event.outcome, fields }), causeId }
    },
  }
}

/** Weak, so that it needs no bound: an entry goes with the record it was made from. */
function onceFor<K extends object>(write: (key: K) => string): (key: K) => string {
  const made = new WeakMap<K, string>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined) return known
    const text = write(key)
    made.set(key, text)
    return text
  }
}

const quote = (text: string): string => JSON.stringify(text)
const quoteAll = (texts: readonly string[]): string => JSON.stringify(texts)

/** Ids only: names and addresses of people are personal and stay out of what can never be erased (AUD-13). */
function writePrincipal({ user, agent, tokenId }: Principal): string {
  const actor = user ? `"actor":{"user_id":${quote(user.id)},"mfa":${user.mfa}},` : ''
  return `${actor}"agent":{"id":${quote(agent.id)},"owner_id":${quote(agent.ownerId)},"kind":"${agent.kind}","token_id":${quote(tokenId)}}`
}

const writeServer = (server: ServerRef): string =>
  `"server":{"id":${quote(server.id)},"slug":${quote(server.slug)},"transport":"${server.transport}"}`

const writeItem = (item: CatalogueItem): string =>
  `"target":{"kind":"${item.kind}","name":${quote(item.name)},"exposed":${quote(item.exposed)},"pin":${quote(item.pin)}}`

const writeTarget = (call: Call): string =>
  `"target":{"kind":"${call.action}","name":${quote(call.name)}}`

function writeRequest({ id, method, frame, clientEra, via }: Call): string {
  const span = frame.spans.arguments
  const size = span ? `,"args_bytes":${span[1] - span[0]}` : ''
  const rpcId = frame.id === undefined ? '' : `,"jsonrpc_id":${JSON.stringify(frame.id)}`
  return `"request":{"id":${quote(id)},"method":${quote(method)}${rpcId},"protocol":"${clientEra}"${size}${via === undefined ? '' : `,"via":"${via}"`}}`
}

function writePolicy({ policyVersion, effect, reason, matched, shadow }: Decision): string {
  const errored = matched.filter((hit) => hit.errored)
  return `"policy":{"version":${policyVersion},"matched":${rulesOf(matched)}${
    errored.length > 0 ? `,"errored":${rulesOf(errored)}` : ''
  },"effect":"${effect}","reason":"${reason}"${
    shadow.length > 0 ? `,"shadow":${rulesOf(shadow)}` : ''
  }}`
}

const rulesOf = (hits: readonly RuleHit[]): string => quoteAll(hits.map((hit) => hit.rule))

function writeEnd({ approval, result, errorCode }: CallEnd): string {
  const approvalText = approval
    ? `,"approval":{"id":${quote(approval.id)},"state":${quote(approval.state)}}`
    : ''
  const resultText = result
    ? `,"result":{"bytes":${result.bytes},"is_error":${result.isError}${result.isKept ? ',"kept":true' : ''}}`
    : ''
  const errorText = errorCode === undefined ? '' : `,"error":{"code":${quote(errorCode)}}`
  return approvalText + resultText + errorText
}
