import { z } from 'zod'

import { sha256Hex } from '../../crypto/digest.ts'
import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import type { Frame } from '../../model/frame.ts'
import { readMembers } from '../../protocol/members.ts'
import type { Sealing } from '../seal.ts'
import { ownerOf } from '../sessions/sessions.ts'
import type { Viewer } from '../lists/views.ts'

const bound = {
  owner: z.string(),
  /** The profile, as it stood: at another one, the same name may be another server's. */
  profile: z.string(),
  /** Of the method and of the params that every round repeats. */
  call: z.string(),
  expiresAtMs: z.int(),
}
const RoundState = z.discriminatedUnion('kind', [
  /** The server waits for nothing; all that it needs comes back with the client (MCP-60). */
  z.strictObject({
    kind: z.literal('relayed'),
    ...bound,
    serverState: z.string().optional(),
    /** The approval under which the first round ran, and the one round more that it covers. */
    approval: z.strictObject({ id: z.string(), ticket: z.string() }).optional(),
    /** Its server asked for visits, by an error: answers are about those, and not for the server. */
    isVisit: z.literal(true).optional(),
  }),
  /** Nothing has run; a person is to decide first (MCP-136). */
  z.strictObject({
    kind: z.literal('waiting'),
    ...bound,
    approvalId: z.string(),
    /** How often its client has been sent to wait. */
    rounds: z.int(),
  }),
  /** The server's own request stays open here until the client comes back (MCP-66). */
  z.strictObject({ kind: z.literal('parked'), ...bound, exchange: z.string(), nonce: z.string() }),
])

/** What a modern client is given to come back with. To the client it is opaque. */
export type RoundState = Readonly<z.infer<typeof RoundState>>
type Kept<S> = S extends RoundState ? Omit<S, keyof typeof bound> : never

export type RoundStates = Readonly<{
  seal: (caller: Viewer, frame: Frame, state: Kept<RoundState>) => string
  /**
   * What the request comes back with; undefined for one that begins.
   *
   * @throws CoreError `params_invalid` for a state of somebody else, of another profile or call, altered, or too old
   *   (MCP-67)
   */
  read: (caller: Viewer, frame: Frame) => RoundState | undefined
}>

const ROUND_MS = 10 * 60_000

export function createRoundStates({
  seal,
  open,
  clock,
}: Sealing & Readonly<{ clock: Pick<Clock, 'nowMs'> }>): RoundStates {
  return {
    seal(caller, frame, state) {
      const expiresAtMs = clock.nowMs() + ROUND_MS
      const binding = { ...placeOf(caller), call: digestOf(frame), expiresAtMs }
      return seal('mcp-round', JSON.stringify({ ...state, ...binding }))
    },
    read(caller, frame) {
      const sealed = frame.params['requestState']
      if (sealed === undefined) return undefined
      const text = typeof sealed === 'string' ? open('mcp-round', sealed) : undefined
      const state = text === undefined ? undefined : RoundState.parse(JSON.parse(text))
      const { owner, profile } = placeOf(caller)
      const isOurs =
        state?.owner === owner &&
        state.profile === profile &&
        state.call === digestOf(frame) &&
        state.expiresAtMs > clock.nowMs()
      if (!state || !isOurs) throw stateInvalid()
      return state
    },
  }
}

const placeOf = ({ principal, profile }: Viewer) => ({
  owner: ownerOf(principal),
  profile: profile ? `${profile.name} ${profile.revision}` : '',
})

export const stateInvalid = (): CoreError =>
  new CoreError('params_invalid', { problem: 'The request state is not valid.' })

/** Members of the params that differ from round to round. */
const CHANGING: ReadonlySet<string> = new Set(['inputResponses', 'requestState', '_meta'])

/** By the bytes, so that nothing which a server may tell apart counts as the same call. */
function digestOf({ method, bytes, spans }: Frame): string {
  const members = spans.params ? readMembers(bytes, spans.params) : []
  const kept = members
    .filter(({ name }) => !CHANGING.has(name))
    .map(({ name, value }) => [name, bytes.toString('utf8', ...value)])
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))
  return sha256Hex(JSON.stringify([method, kept]))
}
