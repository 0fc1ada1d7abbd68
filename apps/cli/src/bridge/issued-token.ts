import type { Peta } from '@peta/sdk'

import type { TokenSource } from './tokens.ts'

const LIFE_S = 3600
/** How long before its end a token is replaced: longer than any request takes to arrive. */
const RENEW_MS = 5 * 60_000
const OVERLAP_S = 300

type Issued = Readonly<{ id: string; token: string; expiresAt: number }>

export type IssuedTokenDeps = Readonly<{
  peta: Peta
  agent: Readonly<{ workspace: string; agent: string }>
  nowMs: () => number
}>

/**
 * Tokens made for this bridge by the person who is signed in: an hour each, replaced before they end, and revoked with
 * the bridge.
 */
export function issuedToken({ peta, agent, nowMs }: IssuedTokenDeps): TokenSource {
  let known: Promise<Issued> | undefined

  const issue = (): Promise<Issued> =>
    peta.call('tokens.issue', { params: agent, body: { lifeSeconds: LIFE_S } })

  /** The old one works on for a moment: requests under way still carry it. */
  const replace = ({ id }: Issued): Promise<Issued> =>
    peta.call('tokens.rotate', {
      params: { ...agent, token: id },
      body: { lifeSeconds: LIFE_S, overlapSeconds: OVERLAP_S },
    })

  /** A failure is forgotten, so that the next request tries again. */
  function keep(work: Promise<Issued>): Promise<Issued> {
    known = work
    work.catch(() => (known = undefined))
    return work
  }

  /** Of all who find the same token wanting, the first replaces it and the others wait for that. */
  function succeed(old: Promise<Issued>, make: () => Promise<Issued>): Promise<Issued> {
    return known === undefined || known === old ? keep(make()) : known
  }

  return {
    async current() {
      const latest = known ?? keep(issue())
      const issued = await latest
      if (issued.expiresAt - nowMs() > RENEW_MS) return issued.token
      return (await succeed(latest, () => replace(issued).catch(issue))).token
    },
    async instead(refused) {
      const latest = known ?? keep(issue())
      const issued = await latest
      return issued.token === refused ? (await succeed(latest, issue)).token : issued.token
    },
    async end() {
      const issued = await known?.catch(() => undefined)
      if (!issued) return
      const params = { ...agent, token: issued.id }
      // It ends by itself within the hour.
      await peta.call('tokens.revoke', { params }).catch(() => undefined)
    },
  }
}
