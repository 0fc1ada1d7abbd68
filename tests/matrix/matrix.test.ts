import { beforeAll, describe, expect, it } from 'vitest'

import { REVISIONS } from '../support/wire-client.ts'
import { FEATURES, type Cell } from './features.ts'
import { findStrayFrames } from './isolation.ts'
import { runMatrix, type Outcome } from './matrix.ts'

const TIME_LIMIT_MS = 240_000

/** `npm run matrix` tries each pair over both. */
const isOverOne = ({ client, server, transport }: Cell): boolean => {
  const isEven = (REVISIONS.indexOf(client) + REVISIONS.indexOf(server)) % 2 === 0
  return transport === 'sse' ? server === '2024-11-05' : isEven === (transport === 'http')
}

describe('between clients and servers of all five revisions, over HTTP, stdio or HTTP+SSE', () => {
  const outcomes: Outcome[] = []

  beforeAll(
    async () => runMatrix((outcome) => void outcomes.push(outcome), isOverOne),
    TIME_LIMIT_MS,
  )

  it.each(FEATURES)('$name works wherever both sides have it (MCP-174)', ({ name }) => {
    const own = outcomes.filter(({ feature }) => feature === name)
    expect(own.filter(({ verdict }) => verdict === 'failed')).toEqual([])
    expect(own).toHaveLength(36)
    expect(own.filter(({ verdict }) => verdict === 'ok').length).toBeGreaterThanOrEqual(4)
  })

  it('what cannot be has a reason', () => {
    const impossible = outcomes.filter(({ verdict }) => verdict === 'impossible')
    expect([...new Set(impossible.map(({ reason }) => reason))]).toEqual([
      'form came with 2025-06-18',
      'decline came with 2025-06-18',
      'url came with 2025-11-25',
      'two rounds came with 2025-06-18',
      'task came with 2025-11-25',
      'over HTTP+SSE one call has no connection',
    ])
  })
})

it(
  'two agents on the same servers never see anything of each other’s calls (MCP-56, MCP-176)',
  async () => {
    // `npm run matrix` makes ten thousand.
    expect(await findStrayFrames(1500)).toEqual([])
  },
  TIME_LIMIT_MS,
)
