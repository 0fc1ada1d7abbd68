import { connectClient, type TestClient } from './clients.ts'
import type { TestCore } from './core.ts'
import { issueToken, publishRules, type Owner } from './owner.ts'

const RULES = `
rules:
  - id: everything-runs
    scope: { principals: [any], actions: [tool.call], resources: [any] }
    effect: allow
`

/** An agent that may call everything, for tests that are not about rules. */
export async function connectFreeAgent(
  owner: Owner,
  { url }: Pick<TestCore, 'url'>,
): Promise<TestClient> {
  await publishRules(owner, RULES)
  return connectClient('client v2', url, await issueToken(owner))
}

/** As `servers.install` takes it. */
export type Launch = Readonly<
  | { kind: 'stdio'; command: string; args: string[] }
  | { kind: 'http'; url: string; allowLoopback: true }
>

/** Installs a server and accepts all that it offers. */
export async function installServer(
  { peta, workspace }: Owner,
  slug: string,
  launch: Launch,
): Promise<void> {
  const params = { workspace }
  const { id: server } = await peta.call('servers.install', { params, body: { slug, launch } })
  const body = { items: 'all' as const, labels: ['write'] }
  await peta.call('items.accept', { params: { workspace, server }, body })
}
