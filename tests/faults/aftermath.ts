import { setTimeout as pause } from 'node:timers/promises'

import { everyPage } from '@peta/sdk'

import { exportedEntries, type ExportedEntry } from '../support/exported-entries.ts'
import { verifiedExport, type Owner } from '../support/owner.ts'
import type { CrashedClaim } from './crashed-claims.ts'

/** Everything that Core still knows, asked through its API. */
export type Aftermath = Readonly<{
  approvals: readonly KnownApproval[]
  secrets: readonly string[]
  agents: readonly string[]
  policyVersions: readonly number[]
  verdict: string
  openIntents: number
  entries: readonly ExportedEntry[]
}>

export type KnownApproval = Readonly<{ id: string; state: string; key: string }>

export async function readAftermath(owner: Owner, folder: string): Promise<Aftermath> {
  const { peta, workspace } = owner
  const params = { workspace }
  const secrets = await everyPage((query) => peta.call('secrets.list', { params, query }))
  const agents = await everyPage((query) => peta.call('agents.list', { params, query }))
  const versions = await everyPage((query) => peta.call('policy.versions', { params, query }))
  const approvals = await allApprovals(owner)
  const { report, text } = await verifiedExport(owner, folder)
  return {
    approvals,
    secrets: secrets.map(({ name }) => name),
    agents: agents.map(({ id }) => id),
    policyVersions: versions.map(({ version }) => version),
    verdict: report.verdict,
    openIntents: report.openIntents.count,
    entries: exportedEntries(text),
  }
}

async function allApprovals({ peta, workspace }: Owner): Promise<readonly KnownApproval[]> {
  const params = { workspace }
  const all = await everyPage((query) => peta.call('approvals.list', { params, query }))
  const known: KnownApproval[] = []
  for (const { id, state } of all) {
    const card = await peta.call('approvals.read', { params: { workspace, approval: id } })
    known.push({ id, state, key: keyIn(card.arguments) })
  }
  return known
}

const keyIn = (args: unknown): string =>
  typeof args === 'object' && args !== null && 'key' in args ? String(args.key) : ''

export type ClaimAfter = CrashedClaim & Readonly<{ state: string }>

const LEASES_END_MS = 60_000
const POLL_MS = 200

/** What became of claims once the leases of the killed processes had ended. */
export async function claimsAfter(
  { peta, workspace }: Owner,
  claims: readonly CrashedClaim[],
): Promise<readonly ClaimAfter[]> {
  const executing = { params: { workspace }, query: { state: 'EXECUTING' } } as const
  for (let waitedMs = 0; waitedMs < LEASES_END_MS; waitedMs += POLL_MS) {
    if ((await peta.call('approvals.list', executing)).items.length === 0) break
    await pause(POLL_MS)
  }
  return Promise.all(
    claims.map(async (claim) => {
      const params = { workspace, approval: claim.id }
      return { ...claim, state: (await peta.call('approvals.read', { params })).state }
    }),
  )
}
