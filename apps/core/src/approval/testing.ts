import { sha256 } from '../crypto/digest.ts'
import { createIds } from '../ground/ids.ts'
import type { ApprovalClaim, ApprovalState } from '../model/approval.ts'
import type { Decision } from '../model/decision.ts'
import { openTestStore, type TestStore } from '../store/testing.ts'
import type { Approval } from './approval.ts'
import { createApprovals, type Approvals } from './approvals.ts'
import type { Target } from './binding.ts'
import type { ApprovalDependencies, Place } from './dependencies.ts'
import type { Voter } from './eligibility.ts'
import { createFind } from './find.ts'
import { claimIn, decision, intentOf, never, person, voter, WORKSPACE } from './fixtures.ts'
import type { Intent } from './open.ts'
import { createTestTimers, nextTurn, type TestTimers } from './test-timers.ts'

/** What the rest of Core says. Mutable, because the point of the tests is that it changes. */
export type World = {
  nowMs: number
  people: Voter[]
  isActive: boolean
  decision: Decision
  target: Target | undefined
  hasSteppedUp: boolean
  isVaultSealed: boolean
}

/** Approvals over a real store, in a world that a test changes by hand. */
export type TestApprovals = AsyncDisposable &
  Readonly<{
    approvals: Approvals
    store: TestStore
    world: World
    timers: TestTimers
    /** Resolves with the newest approval once it is in this state. */
    waitFor: (state: ApprovalState) => Promise<Approval>
    read: (id: string) => Promise<Approval>
    /** Ana's yes to what stands there now. */
    approve: (approval: Approval, userId?: string) => Promise<unknown>
    /** Asks, has Ana approve, and claims. */
    claimed: (intent?: Intent) => Promise<ApprovalClaim>
    /** A second process over the same database. */
    replica: () => Approvals
  }>

export async function openTestApprovals(
  change: (needs: ApprovalDependencies) => Partial<ApprovalDependencies> = () => ({}),
): Promise<TestApprovals> {
  const world = newWorld()
  const timers = createTestTimers(world)
  const store = await openTestStore({ clock: { nowMs: () => world.nowMs } })
  await createWorkspace(store)
  const base = needsOf(store, world, timers)
  const needs = { ...base, ...change(base) }
  const processes = [createApprovals(needs)]
  const approvals = processes[0] ?? createApprovals(needs)

  async function waitFor(state: ApprovalState): Promise<Approval> {
    for (;;) {
      const { rows } = await store.query('approval.list', { workspaceId: WORKSPACE, limit: 1 })
      if (rows[0]?.state === state) return read(rows[0].id)
      await nextTurn()
    }
  }
  const read = (id: string): Promise<Approval> => createFind({ store }).byReference(WORKSPACE, id)
  const approve = ({ id, bind }: Approval, userId = 'usr_ana') =>
    approvals.vote(person(userId), id, { vote: 'yes', bind })

  return {
    approvals,
    store,
    world,
    timers,
    waitFor,
    read,
    approve,
    async claimed(intent = intentOf()) {
      const answer = approvals.ask(intent, never)
      await approve(await waitFor('PENDING'))
      return claimIn(await answer)
    },
    replica() {
      const other = createApprovals(needs)
      processes.push(other)
      return other
    },
    async [Symbol.asyncDispose]() {
      for (const each of processes) each[Symbol.dispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

/** The rest of Core, as the world says it is. */
export function needsOf(
  store: ApprovalDependencies['store'],
  world: World,
  timers: TestTimers,
): ApprovalDependencies {
  return {
    store,
    timers,
    newId: createIds({ nowMs: () => world.nowMs }),
    draft: (event) => ({
      id: 'evt_0',
      tsMs: world.nowMs,
      fields: JSON.stringify(event.fields ?? {}).slice(1, -1),
      workspaceId: event.workspaceId,
      type: event.type,
      ...(event.outcome && { outcome: event.outcome }),
      ...(event.actorId && { actorId: event.actorId }),
    }),
    ...testBox(world),
    callKeyOf: () => Buffer.alloc(32, 7),
    directory: { people: () => world.people, isActive: () => world.isActive },
    redecide: () => world.decision,
    targetOf: () => world.target,
    hasSteppedUp: () => world.hasSteppedUp,
    log: { warn: () => undefined, error: () => undefined },
  }
}

/** Masks bytes with a stream that depends on the place: opened elsewhere they are noise, and the check fails. */
function testBox(world: World): Pick<ApprovalDependencies, 'sealData' | 'openData'> {
  const mask = (place: Place, bytes: Uint8Array): Uint8Array => {
    if (world.isVaultSealed) throw new Error('the vault is sealed')
    const key = sha256(JSON.stringify(place))
    return bytes.map((byte, at) => byte ^ (key[at % key.length] ?? 0))
  }
  return {
    sealData: (place, bytes) =>
      Buffer.concat([mask(place, sha256(bytes)), mask(place, Uint8Array.from(bytes))]),
    openData(place, blob) {
      const bytes = mask(place, Uint8Array.from(blob.subarray(32)))
      const isIntact = sha256(bytes).equals(mask(place, Uint8Array.from(blob.subarray(0, 32))))
      if (!isIntact) throw new Error('not sealed for this place')
      return bytes
    },
  }
}

export const newWorld = (): World => ({
  nowMs: 1_000_000_000_000,
  people: [
    voter('usr_ana', 'admin', 'finance'),
    voter('usr_ben', 'approver', 'finance', 'security'),
    voter('usr_cleo', 'member', 'security'),
    voter('usr_rita', 'member'),
    voter('usr_audit', 'auditor', 'finance'),
  ],
  isActive: true,
  decision: decision(),
  target: { serverHash: 'server-1', pin: 'pin-1', connection: 'conn-1' },
  hasSteppedUp: false,
  isVaultSealed: false,
})

/** What someone who sets Peta up leaves in the database. */
export async function createWorkspace(
  store: Pick<TestStore, 'command'>,
  newEventId: () => string = () => 'evt_0',
): Promise<void> {
  const link = { workspaceId: '', id: 'lnk_0' }
  const hash = Buffer.alloc(32)
  const atMs = 1
  const event = () =>
    ({
      id: newEventId(),
      tsMs: 1,
      workspaceId: '',
      type: 'setup.completed',
      fields: '"type":"setup.completed"',
    }) as const
  await store.command(
    'identity.createLink',
    { ...link, kind: 'setup', hash, createdAtMs: atMs, expiresAtMs: 2 },
    [event()],
  )
  await store.command(
    'identity.completeSetup',
    {
      link,
      atMs,
      workspace: { id: WORKSPACE, name: 'Test' },
      user: { id: 'usr_ana', email: 'ana@example.test', name: 'Ana' },
      session: { id: 'ses_0', userId: 'usr_ana', hash, createdAtMs: 1, endsAtMs: 2 },
    },
    [event()],
  )
}
