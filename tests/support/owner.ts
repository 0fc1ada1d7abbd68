import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { verifyExport, type VerifyReport } from '@peta/proof'
import { createPeta, type Peta } from '@peta/sdk'

import type { TestCore } from './core.ts'

/** The owner of a Core, signed in: everything the admin API offers. Stays signed in over restarts. */
export type Owner = Readonly<{
  peta: Peta
  workspace: string
}>

/** Makes the owner with the proof that this user has access to the host, as the command line does. */
export async function becomeOwner({ url, home }: Pick<TestCore, 'url' | 'home'>): Promise<Owner> {
  const hostKey = (await readFile(join(home, 'data', 'peta', 'host.key'), 'utf8')).trim()
  const { link } = await createPeta({ url, hostKey }).call('links.create', { body: {} })
  const { token, workspaceId } = await createPeta({ url }).call('setup.complete', {
    body: { link, email: 'ana@example.com', name: 'Ana' },
  })
  return { peta: createPeta({ url, token }), workspace: workspaceId }
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
