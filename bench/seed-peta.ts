import { createPeta, type Peta } from '@peta/sdk'

export type Seed = Readonly<{
  url: string
  hostKey: string
  echoPort: number
  agents?: number
  tokensPerAgent?: number
}>

export type Seeded = Readonly<{
  /** As the owner. */
  peta: Peta
  workspace: string
  /** One of each agent. */
  tokens: readonly string[]
}>

const AGENTS = 100
const TOKENS_PER_AGENT = 100
const RULES = 1000
const SECRET = 'bench-secret-value-0001'
const LIFE_S = 86_400

/** The tools that calls are measured with: one that may start before its record is on disk, and one that may not. */
const WRITING_TOOL = 'tool_0280'

/** Fills Core as a busy deployment is filled, through its public API: 10,000 tokens, 1,000 rules, a bound secret. */
export async function seedPeta(seed: Seed): Promise<Seeded> {
  const { url, hostKey, echoPort, agents = AGENTS, tokensPerAgent = TOKENS_PER_AGENT } = seed
  const { link } = await createPeta({ url, hostKey }).call('links.create', { body: {} })
  const owner = { email: 'owner@example.com', name: 'Owner', workspace: 'Bench' }
  const session = await createPeta({ url }).call('setup.complete', { body: { link, ...owner } })
  const peta = createPeta({ url, token: session.token })
  const workspace = session.workspaceId
  const params = {
    workspace,
    server: await installEcho(peta, workspace, { slug: 'echo', port: echoPort }),
  }
  const writing = { kind: 'tool' as const, name: WRITING_TOOL }
  await peta.call('items.accept', { params, body: { items: [writing], labels: ['write'] } })
  const tokens = await Promise.all(
    Array.from({ length: agents }, (_, i) =>
      issueTokens(peta, workspace, { name: `bench-${i}`, count: tokensPerAgent }),
    ),
  )
  await publishRules(peta, workspace)
  return { peta, workspace, tokens }
}

/** Installs the echo server under a name, with a secret for it and every tool accepted as one that reads; gives its id. */
export async function installEcho(
  peta: Peta,
  workspace: string,
  { slug, port }: Readonly<{ slug: string; port: number }>,
): Promise<string> {
  const host = `127.0.0.1:${port}`
  const server = await peta.call('servers.install', {
    params: { workspace },
    body: {
      slug,
      launch: { kind: 'http', url: `http://${host}/mcp`, allowLoopback: true },
      inFlightMax: 256,
    },
  })
  const secret = await peta.call('secrets.create', {
    params: { workspace },
    body: { name: `${slug}-key`, value: SECRET },
  })
  const binding = {
    serverId: server.id,
    target: 'header' as const,
    name: 'x-bench-key',
    hosts: [host],
  }
  await peta.call('secrets.bind', {
    params: { workspace, secret: secret.id },
    body: { binding, value: SECRET },
  })
  const params = { workspace, server: server.id }
  await peta.call('servers.refresh', { params, body: {} })
  await peta.call('items.accept', { params, body: { items: 'all', labels: ['read'] } })
  return server.id
}

async function publishRules(peta: Peta, workspace: string): Promise<void> {
  const { version } = await peta.call('policy.active', { params: { workspace } })
  const body = { source: rulesText(), base: version, reason: 'Benchmark' }
  await peta.call('policy.publish', { params: { workspace }, body })
}

/** Two rules decide the measured calls, among others about the same agents and other tools of the same server. */
function rulesText(): string {
  const others = Array.from({ length: RULES - 2 }, (_, i) => {
    const tool = `tool_${String(500 + (i % 500)).padStart(4, '0')}`
    const effect = ['allow', 'require_approval', 'deny'][i % 3]
    return `  - id: other-${i}
    scope: { principals: ["client:bench-${i % AGENTS}"], actions: [tool.call], resources: ["tool:echo/${tool}"] }
    effect: ${effect}`
  })
  return `rules:
  - id: reads-run
    scope: { principals: [any], actions: [tool.call], resources: ["label:read"] }
    effect: allow
  - id: agents-write
    scope: { principals: ["agent-label:owned"], actions: [tool.call], resources: ["tool:echo/${WRITING_TOOL}"] }
    effect: allow
${others.join('\n')}
`
}

/** Gives the last of them. */
async function issueTokens(
  peta: Peta,
  workspace: string,
  { name, count }: Readonly<{ name: string; count: number }>,
): Promise<string> {
  const agent = await peta.call('agents.create', { params: { workspace }, body: { name } })
  const params = { workspace, agent: agent.id }
  let last = ''
  for (let n = 0; n < count; n++) {
    last = (await peta.call('tokens.issue', { params, body: { lifeSeconds: LIFE_S } })).token
  }
  return last
}
