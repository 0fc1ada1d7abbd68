import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { startTestCore } from '../support/core.ts'
import { installServer } from '../support/everything-runs.ts'
import { becomeOwner, type Owner, publishRules } from '../support/owner.ts'
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

/** Rules that read where a call comes from, and what it says; neither matches. */
const RESTRICTIONS = `
  - id: not-from-there
    scope: { principals: [any], actions: ${ACTIONS}, resources: [any] }
    when: 'ip == "203.0.113.7"'
    effect: deny
  - id: not-these-words
    scope: { principals: [any], actions: [tool.call], resources: ["tool:everything/test_elicitation"] }
    when: 'args.message == "never"'
    effect: deny
`

/**
 * How Peta stands before the fixture: with as little as it can do; with a secret to keep out of every answer, rules
 * that read arguments and a bound on calls besides; and with its names for tools, prompts and URIs.
 */
export const SETTINGS = ['minimal', 'controls', 'prefixed'] as const
export type Setting = (typeof SETTINGS)[number]

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

/** A real Core in front of the fixture, with everything accepted and allowed. */
export async function startPetaBefore(server: string, setting: Setting): Promise<UnderTest> {
  await using parts = new AsyncDisposableStack()
  const isControlled = setting === 'controls'
  const { owner, agent } = parts.use(await startAllowing())
  const { peta, workspace } = owner
  const params = { workspace }
  if (isControlled) await installWithSecret(owner, server)
  else await installServer(owner, ALIAS, { kind: 'http', url: server, allowLoopback: true })
  const profile = {
    name: PROFILE,
    servers: [ALIAS],
    // Names stay as they are (MCP-111).
    ...(setting !== 'prefixed' && { unprefixed: ALIAS }),
    ...(isControlled && { callsMax: 16 }),
  }
  const { url: target } = await peta.call('profiles.create', { params, body: profile })
  const body = { profile: PROFILE }
  const { token } = await peta.call('tokens.issue', { params: { workspace, agent }, body })
  const shim = parts.use(await startBearerShim({ target, token }))
  const owned = parts.move()
  return { url: shim.url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** With a secret that goes out with every request, all that comes back is searched for it. */
async function installWithSecret(owner: Owner, url: string): Promise<void> {
  const { peta, workspace } = owner
  const params = { workspace }
  const launch = { kind: 'http', url, allowLoopback: true } as const
  const install = { slug: ALIAS, launch, connect: false }
  const { id: server } = await peta.call('servers.install', { params, body: install })
  const value = 'conformance-secret-5f2c81'
  const { id: secret } = await peta.call('secrets.create', { params, body: { name: 'key', value } })
  const { host } = new URL(url)
  const binding = { serverId: server, target: 'header' as const, name: 'X-Api-Key', hosts: [host] }
  const at = { workspace, secret }
  await peta.call('secrets.bind', { params: at, body: { binding, value } })
  const one = { workspace, server }
  await peta.call('servers.refresh', { params: one, body: {} })
  const body = { items: 'all' as const, labels: ['write'] }
  await peta.call('items.accept', { params: one, body })
  await publishRules(owner, RULES + RESTRICTIONS)
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
  await publishRules(owner, RULES)
  const { id: agent } = await peta.call('agents.create', { params, body: { name: 'conformance' } })
  const owned = parts.move()
  return { url: core.url, owner, agent, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
