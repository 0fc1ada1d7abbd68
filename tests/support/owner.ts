import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { verifyExport, type VerifyReport } from '@peta/proof'
import { createPeta, type Peta } from '@peta/sdk'

import type { TestCore } from './core.ts'

const POLL_MS = 20

/** The owner of a Core, signed in: everything the admin API offers. Stays signed in over restarts. */
export type Owner = Readonly<{
  peta: Peta
  /** Of its session. */
  token: string
  workspace: string
}>

/** Makes the owner with the link that Core wrote to its terminal when it started. */
export async function becomeOwner(core: Pick<TestCore, 'url' | 'output'>): Promise<Owner> {
  for (;;) {
    const link = /\/setup#(\S+)/.exec(core.output())?.[1]
    if (link) return completeSetup(core.url, link)
    await pause(POLL_MS)
  }
}

export async function completeSetup(url: string, link: string): Promise<Owner> {
  const { token, workspaceId } = await createPeta({ url }).call('setup.complete', {
    body: { link, email: 'ana@example.com', name: 'Ana' },
  })
  return { peta: createPeta({ url, token }), token, workspace: workspaceId }
}

/** Makes these the rules of the workspace. */
export async function publishRules({ peta, workspace }: Owner, source: string): Promise<void> {
  const params = { workspace }
  const { version: base } = await peta.call('policy.active', { params })
  await peta.call('policy.publish', { params, body: { base, source } })
}

/** A token of a new agent of the owner's. */
export async function issueToken({ peta, workspace }: Owner, name = 'claude'): Promise<string> {
  const params = { workspace }
  const { id: agent } = await peta.call('agents.create', { params, body: { name } })
  return (await peta.call('tokens.issue', { params: { workspace, agent }, body: {} })).token
}

/** Exports the whole log and verifies it offline. `body` of each entry, in order, is what was hashed. */
export async function verifiedExport(
  { peta, workspace }: Owner,
  folder: string,
): Promise<Readonly<{ report: VerifyReport; text: string }>> {
  const response = await peta.stream('audit.export', { params: { workspace }, body: {} })
  const text = await response.text()
  await writeFile(join(folder, 'audit.jsonl'), text)
  return { report: await verifyExport(folder), text }
}
