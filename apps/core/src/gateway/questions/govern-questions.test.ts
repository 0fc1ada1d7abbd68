import { expect, it } from 'vitest'

import { aCall, aPrincipal } from '../../audit/testing.ts'
import { governRound } from './govern-questions.ts'
import { renderOutcome } from '../outcome.ts'
import { allowed } from '../testing.ts'

const denying = {
  decide: () => ({ ...allowed, effect: 'deny' as const }),
  record: <T>(_intent: unknown, work: () => Promise<T>): Promise<T> => work(),
  spend: () => undefined,
}
const call = aCall({ clientEra: 'modern' })

const resultOf = (type: string, serverEra: 'modern' | 'legacy') => ({
  bytes: Buffer.from(
    `{"jsonrpc":"2.0","id":7,"result":{"resultType":${type},"requestState":"s","inputRequests":{"q":{"method":"elicitation/create","params":{}}}}}`,
  ),
  serverEra,
  isError: false,
})

it.each(['modern', 'legacy'] as const)(
  'shows no question of a %s server that no rule allows (MCP-71)',
  async (serverEra) => {
    const result = resultOf('"input_required"', serverEra)
    const governed = governRound(denying, aPrincipal(), call, result)
    await expect(governed).rejects.toMatchObject({ code: 'server_misbehaves' })
  },
)

it('carries no question whose type is spelled in a way that its rules would not see (MCP-71, MCP-84)', async () => {
  const result = resultOf(String.raw`"\u0069nput_required"`, 'modern')
  await governRound(denying, aPrincipal(), call, result)
  const ended = {
    outcome: { state: 'done' as const, result },
    asks: () => ['elicitation.form'] as const,
    sealState: () => 'sealed',
  }
  const reading = { frame: call.frame, era: 'modern' as const, serverInfo: '{}' }
  expect(() => renderOutcome(reading, call, ended)).toThrow(
    expect.objectContaining({ code: 'server_misbehaves' }),
  )
})
