import type { Clock } from '../../ground/clock.ts'
import { CoreError } from '../../ground/errors.ts'
import type { Call } from '../../model/call.ts'
import type { Decision } from '../../model/decision.ts'
import type { Principal } from '../../model/principal.ts'

/**
 * Takes what a server asks of a client's model from its budget; anything else costs nothing.
 *
 * @throws CoreError `rate_limited` beyond it; `params_invalid` for a request that sets no limit to the answer
 */
export type Spend = (principal: Principal, asked: Call, decision: Decision) => void

type Spent = { readonly untilMs: number; requests: number; tokens: number }

const HOUR_MS = 3_600_000
/** Beyond this many at once nobody else's model is asked. */
const SPENDERS_MAX = 10_000

/**
 * Counts for each agent, person and server by the hour, in memory: a restart begins anew. The answer's length is counted
 * as the most that the request allows, because a client need not say how long it was (MCP-71).
 */
export function createSamplingBudget(clock: Pick<Clock, 'nowMs'>): Spend {
  const spenders = new Map<string, Spent>()

  function spentBy(key: string): Spent {
    const nowMs = clock.nowMs()
    const known = spenders.get(key)
    if (known && known.untilMs > nowMs) return known
    for (const [other, { untilMs }] of spenders) if (untilMs <= nowMs) spenders.delete(other)
    if (spenders.size >= SPENDERS_MAX) throw new CoreError('rate_limited', { retryAfterS: 60 })
    const begun = { untilMs: nowMs + HOUR_MS, requests: 0, tokens: 0 }
    spenders.set(key, begun)
    return begun
  }

  return function spend(principal, { action, server, frame }, { obligations }) {
    if (action !== 'client.sample') return
    const { requestsPerHour, tokensPerHour } = obligations.sampling ?? NOTHING
    const tokens = maxTokens(frame.bytes)
    const { workspaceId, agent, user } = principal
    const spent = spentBy(JSON.stringify([workspaceId, agent.id, user?.id ?? '', server.id]))
    const isWithin = spent.requests < requestsPerHour && spent.tokens + tokens <= tokensPerHour
    if (!isWithin) {
      const retryAfterS = Math.ceil((spent.untilMs - clock.nowMs()) / 1000)
      throw new CoreError('rate_limited', { retryAfterS })
    }
    spent.requests += 1
    spent.tokens += tokens
  }
}

const NOTHING = { requestsPerHour: 0, tokensPerHour: 0 }

function maxTokens(params: Buffer): number {
  const value: unknown = JSON.parse(params.toString('utf8'))
  const tokens = typeof value === 'object' && value !== null && Reflect.get(value, 'maxTokens')
  if (Number.isSafeInteger(tokens) && Number(tokens) > 0) return Number(tokens)
  throw new CoreError('params_invalid', { problem: 'maxTokens is missing.' })
}
