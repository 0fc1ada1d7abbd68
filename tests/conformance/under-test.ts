import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { startTestCore } from '../support/core.ts'
import { installServer } from '../support/everything-runs.ts'
import { becomeOwner, type Owner } from '../support/owner.ts'
import { startBearerShim } from './bearer-shim.ts'

export type UnderTest = AsyncDisposable & Readonly<{ url: string }>

const ALIAS = 'everything'
const PROFILE = 'conformance'
const ACTIONS =
  '[tool.call, resource.read, prompt.get, completion.get, client.elicit, client.sample, client.roots]'

const RULES = `
rules:
  - id: agents-inherit
    scope: { principals: ["agent-label:owned"], actions: ${ACTIONS}, resources: [any] }
    effect: allow
  - id: everything-runs
    scope: { principals: [any], actions: ${ACTIONS}, resources: [any] }
    effect: allow
`

/** The fixture, in a process of its own, with nothing in front. */
export async function startEverything(): Promise<UnderTest> {
  const file = join(import.meta.dirname, 'everything-server.ts')
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(process.execPath, ['--conditions=peta-source', file], { stdio: [...stdio] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return {
    url: String(line).replace('everything ', ''),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** A real Core in front of the fixture, with everything accepted and allowed, at a profile that leaves its names as they are (MCP-111). */
export async function startPetaBefore(server: string): Promise<UnderTest> {
  await using parts = new AsyncDisposableStack()
  const { owner, agent } = parts.use(await startAllowing())
  const { peta, workspace } = owner
  const params = { workspace }
  await installServer(owner, ALIAS, { kind: 'http', url: server, allowLoopback: true })
  const profile = { name: PROFILE, servers: [ALIAS], unprefixed: ALIAS }
  const { url: target } = await peta.call('profiles.create', { params, body: profile })
  const body = { profile: PROFILE }
  const { token } = await peta.call('tokens.issue', { params: { workspace, agent }, body })
  const shim = parts.use(await startBearerShim({ target, token }))
  const owned = parts.move()
  return { url: shim.url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** What `via-gateway.ts` is told, by PETA_UNDER_TEST: a running Peta, and an agent of it that may do everything. */
export type ClientUnderTest = Readonly<{
  url: string
  ownerToken: string
  workspace: string
  agent: string
}>

/** A real Core that is about to become the client of many servers. */
export async function startPetaAsClient(): Promise<
  AsyncDisposable & Readonly<{ underTest: ClientUnderTest }>
> {
  const started = await startAllowing()
  const { url, owner, agent } = started
  const { token: ownerToken, workspace } = owner
  return {
    underTest: { url, ownerToken, workspace, agent },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  }
}

type Allowing = AsyncDisposable & Readonly<{ url: string; owner: Owner; agent: string }>

async function startAllowing(): Promise<Allowing> {
  await using parts = new AsyncDisposableStack()
  const core = parts.use(await startTestCore())
  const owner = await becomeOwner(core)
  const { peta, workspace } = owner
  const params = { workspace }
  const { version: base } = await peta.call('policy.active', { params })
  await peta.call('policy.publish', { params, body: { base, source: RULES } })
  const { id: agent } = await peta.call('agents.create', { params, body: { name: 'conformance' } })
  const owned = parts.move()
  return { url: core.url, owner, agent, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
