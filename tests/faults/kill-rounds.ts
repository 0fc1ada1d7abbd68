import { setTimeout as pause } from 'node:timers/promises'

import { connectClient, type TestClient } from '../support/clients.ts'
import { startTestCore, type TestCore } from '../support/core.ts'
import {
  countingTools,
  startCountingServer,
  type CountingServer,
} from '../support/counting-server.ts'
import { becomeOwner, type Owner, issueToken, publishRules } from '../support/owner.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { claimsAfter, readAftermath, type Aftermath, type ClaimAfter } from './aftermath.ts'
import { crashedClaims, type CrashedClaim } from './crashed-claims.ts'
import { approve, emptyJournal, isWritten, startLoad, writeOnce, type Journal } from './load.ts'

export type KillPlan = Readonly<{
  engine: 'sqlite' | 'postgres'
  kills: number
  random: () => number
}>

/** What was acknowledged before the kills, and what is there after them. */
export type KillResult = Readonly<{
  journal: Journal
  claims: readonly ClaimAfter[]
  after: Aftermath
  effectsOf: (key: string) => number
}>

const AGENTS = 20
const WRITERS_AT_ONCE = 4
const KILL_WITHIN_MS = 400
const WORK_MS_MAX = 20

const rules = (nonce: string): string => `
# ${nonce}
rules:
  - id: reads-run
    scope: { principals: [any], actions: [tool.call], resources: ["label:read"] }
    effect: allow
  - id: writes-ask
    scope: { principals: [any], actions: [tool.call], resources: ["label:write"] }
    effect: require_approval
`

type Scene = Readonly<{
  core: TestCore
  owner: Owner
  server: CountingServer
  clients: readonly TestClient[]
}>

/** Kills Core under load again and again, each time at another moment, and lets every client come back at the end. */
export async function killUnderLoad(plan: KillPlan): Promise<KillResult> {
  await using lifetime = new AsyncDisposableStack()
  const database = plan.engine === 'postgres' ? lifetime.use(await createTestDatabase()) : undefined
  const scene = await setScene(plan, database?.url, lifetime)
  const { core, owner, server } = scene
  const journal = emptyJournal()
  const claims = new Map<string, CrashedClaim>()
  let keys = 0
  const newKey = (): string => `k-${(keys += 1)}`

  for (let round = 0; round < plan.kills; round += 1) {
    const writers = writersOf(scene, round)
    const readers = scene.clients.slice(0, 2)
    const load = startLoad({ owner, journal, writers, readers, newKey, rules })
    await load.underWay
    await pause(plan.random() * KILL_WITHIN_MS)
    const ended = load.end()
    await core.kill()
    await ended
    for (const claim of await crashedClaims(core, database)) claims.set(claim.id, claim)
    await core.start()
  }
  const ended = await claimsAfter(owner, [...claims.values()])
  await askAgain(owner, journal)
  const after = await readAftermath(owner, core.home)
  return { journal, claims: ended, after, effectsOf: server.effectsOf }
}

async function setScene(
  { random }: KillPlan,
  databaseUrl: string | undefined,
  lifetime: AsyncDisposableStack,
): Promise<Scene> {
  const server = lifetime.use(await startCountingServer(() => pause(random() * WORK_MS_MAX)))
  const core = lifetime.use(await startTestCore(databaseUrl ? { databaseUrl } : {}))
  const owner = await becomeOwner(core)
  await install(owner, server)
  const clients: TestClient[] = []
  for (let count = 0; count < AGENTS; count += 1) {
    clients.push(lifetime.use(await connectAgent(owner, core, `agent-${count}`)))
  }
  return { core, owner, server, clients }
}

/** An agent may have few approvals open and ask for few an hour, so the next round is the next agents'. */
const writersOf = ({ clients }: Scene, round: number): readonly TestClient[] =>
  clients.filter((_, at) => Math.floor(at / WRITERS_AT_ONCE) === round % (AGENTS / WRITERS_AT_ONCE))

async function install(owner: Owner, { url }: CountingServer): Promise<void> {
  const { peta, workspace } = owner
  const params = { workspace }
  const { id: server } = await peta.call('servers.install', {
    params,
    body: { slug: 'count', launch: { kind: 'http', url, allowLoopback: true } },
  })
  for (const [label, name] of Object.entries(countingTools)) {
    const body = { items: [{ kind: 'tool' as const, name }], labels: [label] }
    await peta.call('items.accept', { params: { workspace, server }, body })
  }
  await publishRules(owner, rules('first'))
}

async function connectAgent(owner: Owner, { url }: TestCore, name: string): Promise<TestClient> {
  return connectClient('client v2', url, await issueToken(owner, name))
}

/** Every client that got no answer comes back with the very same call, as agents do. */
async function askAgain(owner: Owner, journal: Journal): Promise<void> {
  let isOver = false
  const approving = approve({ owner, journal }, () => !isOver)
  for (const [key, writer] of journal.unanswered) {
    if (isWritten(await writeOnce(writer, key), key)) journal.written.add(key)
  }
  isOver = true
  await approving
}
