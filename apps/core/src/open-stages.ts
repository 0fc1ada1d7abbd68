import { createBacklog } from './audit/backlog.ts'
import { createCallEvents } from './audit/call-events.ts'
import { createRecord } from './audit/record.ts'
import { createRecordSend } from './audit/record-send.ts'
import type { Approvals } from './approval/approvals.ts'
import type { Ground } from './build-ground.ts'
import { createEgress } from './egress/egress.ts'
import { createClear } from './gateway/clear.ts'
import type { CallStages } from './gateway/governed-call.ts'
import { createKeptResults } from './gateway/calls/kept-results.ts'
import { createSamplingBudget } from './gateway/questions/sampling-budget.ts'
import { openIdentity, type Identity } from './identity/identity.ts'
import { openApprovals } from './open-approvals.ts'
import type { StageKeys } from './open-vault.ts'
import { openPolicy, type Policy } from './policy/policy.ts'
import type { DirectoryNames } from './policy/surroundings.ts'
import { openProfiles, type Profiles } from './profile/profiles.ts'
import type { BeforeSend } from './runtime/run.ts'
import { createRuntime, type Runtime } from './runtime/runtime.ts'
import type { Store } from './store/store.ts'
import { openTasks, type Tasks } from './task/tasks.ts'
import { createEchoRecord } from './vault/echo.ts'
import { createRedact } from './vault/redact.ts'
import type { Vault } from './vault/vault.ts'

/** The stages of a call, each built and ready. */
export type Stages = Readonly<{
  identity: Identity
  policy: Policy
  profiles: Profiles
  approvals: Approvals
  vault: Vault
  runtime: Runtime
  tasks: Tasks
  calls: CallStages
}>

export type StageSources = Ground &
  Readonly<{
    store: Store
    vault: Vault
    keys: StageKeys
    gatewayId: string
  }>

/** Opens the stages in the order in which they need each other; `lifetime` closes them in reverse. */
export async function openStages(
  sources: StageSources,
  lifetime: AsyncDisposableStack,
): Promise<Stages> {
  const { store, vault, keys, gatewayId } = sources
  const identity = lifetime.use(await openIdentity({ ...sources, pepper: keys.pepper }))
  const runtime = lifetime.use(
    await openRuntime(sources, lifetime, (armed, attempt) => send(armed, attempt)),
  )
  const policy = lifetime.use(
    await openPolicy({
      ...sources,
      catalogue: async (workspaceId) => runtime.catalogue(workspaceId).entries,
      directory: async (workspaceId) => namesOf(identity, workspaceId),
    }),
  )
  const profiles = lifetime.use(
    await openProfiles({
      ...sources,
      servers: (workspaceId) => runtime.servers(workspaceId).map(({ slug }) => slug),
    }),
  )
  const approvals = lifetime.use(openApprovals(sources, { identity, policy, runtime }))
  const tasks = lifetime.use(await openTasks({ ...sources, ...vault, runner: gatewayId }))
  const send = createSend(sources, approvals)
  const record = openRecord(sources, lifetime)
  const calls: CallStages = {
    decide: policy.decide,
    record,
    spend: createSamplingBudget(sources.clock),
    clear: createClear(approvals.ask),
    settle: approvals.settle,
    inject: vault.inject,
    keptFor: createKeptResults({
      clock: sources.clock,
      policyVersion: policy.version,
      catalogue: runtime.catalogue,
      newsOf: runtime.newsOf,
    }),
    run: runtime.run,
    redact: createRedact({ onEcho: createEchoRecord({ ...sources, store }) }),
  }
  return { identity, policy, profiles, approvals, vault, runtime, tasks, calls }
}

async function openRuntime(
  sources: StageSources,
  lifetime: AsyncDisposableStack,
  beforeSend: BeforeSend,
): Promise<Runtime> {
  const { store, vault, newId, gatewayId } = sources
  const runtime = await createRuntime({
    ...sources,
    random: Math.random,
    egress: lifetime.use(createEgress()),
    connectCredentials: vault.connectCredentials,
    beforeSend,
    gatewayId,
    bootId: newId('boo'),
  })
  for (const { workspaceId } of await store.query('identity.epochs', {})) {
    await runtime.load(workspaceId)
  }
  return runtime
}

/** An approved call is marked as sent under its claim, which sends once. */
function createSend(
  { store, draft }: StageSources,
  approvals: Pick<Approvals, 'markSent'>,
): BeforeSend {
  const recordSend = createRecordSend({ append: store.append, draft })
  return ({ clearance }, attempt) =>
    clearance.claim ? approvals.markSent(clearance) : recordSend(clearance, attempt)
}

function openRecord(sources: StageSources, lifetime: AsyncDisposableStack): CallStages['record'] {
  const { store, clock, timers } = sources
  const backlog = createBacklog({
    append: store.append,
    later: (delayMs, run) => void timers.after(delayMs, run),
  })
  lifetime.defer(() => backlog.flush())
  return createRecord({ append: store.append, backlog, events: createCallEvents(sources), clock })
}

function namesOf({ directory }: Identity, workspaceId: string): DirectoryNames {
  const workspace = directory.workspace(workspaceId)
  const [users, agents] = [workspace.users(), workspace.agents()]
  return {
    users: users.map(({ id }) => id),
    groups: workspace.groups().map(({ name, members }) => ({ name, members: members.length })),
    roles: ['owner', 'admin', 'approver', 'auditor', 'member'],
    agents: agents.map(({ id }) => id),
    clients: agents.map(({ name }) => name),
    agentLabels: ['owned', ...agents.flatMap(({ labels }) => labels)],
    administrators: users.filter(isAdministrator).length,
  }
}

type User = ReturnType<ReturnType<Identity['directory']['workspace']>['users']>[number]

const isAdministrator = ({ role, status }: User): boolean =>
  status === 'active' && (role === 'owner' || role === 'admin')
