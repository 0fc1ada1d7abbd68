import { describe, expect, it } from 'vitest'

import type { ApprovalState } from '../model/approval.ts'
import { transition, type ApprovalEvent, type Standing } from './machine.ts'

/**
 * Every interleaving of two workers, two crashes, three starts, people who vote, take back and withdraw at any time, a
 * clock that passes either deadline at any time, and leases that end while their worker sleeps (APR-T1). A step is one
 * transaction or one send, so what the model allows is what the database and the network can do to us.
 */

const OVER = 100

type Worker = Readonly<{ step: 'claim' | 'mark' | 'send' | 'answer'; seen: number; fence: number }>

type World = Readonly<{
  row: Standing
  version: number
  /** The worker's lease is over; recovery may take the claim away. */
  isLeaseOver: boolean
  nowMs: number
  workers: readonly (Worker | undefined)[]
  starts: number
  crashes: number
  effects: number
  /** An effect happened while the row said that none would. */
  isRefusedEffect: boolean
  /** An effect happened that no claim had announced. */
  isUnrecordedEffect: boolean
}>

/** The parts of the design that a wrong one gets wrong. */
type Design = Readonly<{
  /** What a worker does to take the row, or nothing when it may not. */
  take: (world: World, worker: Worker) => World | undefined
  /** Whether a worker may send now, and the row after it said so. */
  mark: (world: World, worker: Worker) => World | undefined
  /** What recovery makes of a claim whose lease is over. */
  recover: (world: World) => World
}>

const REFUSED: ReadonlySet<ApprovalState> = new Set([
  'DENIED',
  'EXPIRED',
  'REVOKED',
  'VOID',
  'CANCELLED',
])

const apply = (world: World, event: ApprovalEvent, more: Partial<Standing> = {}): World => {
  const end = transition(world.row, event, world.nowMs)
  if ('refused' in end) return world
  return { ...world, row: { ...world.row, state: end.state, ...more }, version: world.version + 1 }
}

const ours: Design = {
  take(world, worker) {
    if (world.version !== worker.seen) return undefined
    const { attempt, fence } = world.row
    const next = apply(world, 'claim', { attempt: attempt + 1, fence: fence + 1 })
    return next === world ? undefined : { ...next, isLeaseOver: false }
  },
  mark(world, worker) {
    const { state, fence, sentFence } = world.row
    const mayMark = state === 'EXECUTING' && fence === worker.fence && sentFence !== fence
    if (!mayMark || world.isLeaseOver) return undefined
    return {
      ...world,
      row: { ...world.row, sentFence: worker.fence },
      version: world.version + 1,
    }
  },
  recover: (world) => apply(world, world.row.sentFence === world.row.fence ? 'lose' : 'release'),
}

const checkThenExecute: Design = {
  ...ours,
  take: (world) => (world.row.state === 'APPROVED' ? world : undefined),
  mark: (world) => ({ ...world, row: { ...world.row, sentFence: world.row.fence } }),
}

const resendAlways: Design = {
  ...ours,
  recover: (world) => ({
    ...world,
    row: { ...world.row, state: 'APPROVED' },
    version: world.version + 1,
  }),
}

const fenceIgnored: Design = {
  ...ours,
  mark: (world, worker) => ({ ...world, row: { ...world.row, sentFence: worker.fence } }),
}

describe('at most one effect per approval (APR-2, APR-T1)', () => {
  it('holds in every interleaving', () => {
    const seen = explore(ours, { isResendable: false })
    expect(seen.states).toBeGreaterThan(1000)
    expect(seen).toMatchObject({ effects: 1, refusedEffects: 0, unrecordedEffects: 0 })
    expect(seen.ends).toEqual(
      new Set(['COMPLETED', ...REFUSED, 'RESOLVED_DONE', 'RESOLVED_NOT_DONE']),
    )
  })

  it('repeats a tool that is safe to repeat, three times at most (APR-37)', () => {
    const seen = explore(ours, { isResendable: true })
    expect(seen.effects).toBeGreaterThan(1)
    expect(seen.effects).toBeLessThanOrEqual(3)
    expect(seen).toMatchObject({ refusedEffects: 0, unrecordedEffects: 0 })
  })

  it.each([
    ['check, then execute, then mark', checkThenExecute, 3],
    ['send again whenever unsure', resendAlways, 3],
    ['a claim without a fence', fenceIgnored, 2],
  ])('is broken by a wrong design: %s', (_name, design, effects) => {
    const seen = explore(design, { isResendable: false, stopAtEffects: effects })
    expect(seen.effects).toBeGreaterThanOrEqual(effects)
  })
})

type Seen = {
  states: number
  effects: number
  refusedEffects: number
  unrecordedEffects: number
  ends: Set<ApprovalState>
}

type Exploration = Readonly<{
  isResendable: boolean
  /** A wrong design is shown to be wrong by the first world that has so many; ours is explored to the end. */
  stopAtEffects?: number
}>

function explore(
  design: Design,
  { isResendable, stopAtEffects = Number.POSITIVE_INFINITY }: Exploration,
): Seen {
  const row: Standing = {
    state: 'PENDING',
    attempt: 0,
    fence: 0,
    decideByMs: OVER,
    executeByMs: OVER,
    isResendable,
  }
  const start: World = {
    row,
    version: 0,
    isLeaseOver: false,
    nowMs: 0,
    workers: [undefined, undefined],
    starts: 0,
    crashes: 0,
    effects: 0,
    isRefusedEffect: false,
    isUnrecordedEffect: false,
  }
  const known = new Set<string>()
  const open = [start]
  const seen: Seen = {
    states: 0,
    effects: 0,
    refusedEffects: 0,
    unrecordedEffects: 0,
    ends: new Set(),
  }
  for (let world = open.pop(); world; world = open.pop()) {
    const key = keyOf(world)
    if (known.has(key)) continue
    known.add(key)
    seen.states += 1
    seen.effects = Math.max(seen.effects, world.effects)
    if (seen.effects >= stopAtEffects) break
    seen.refusedEffects += Number(world.isRefusedEffect)
    seen.unrecordedEffects += Number(world.isUnrecordedEffect)
    const next = [...peopleAndTime(world), ...recovery(design, world), ...work(design, world)]
    if (next.every((after) => after === world)) seen.ends.add(world.row.state)
    open.push(...next)
  }
  return seen
}

/** Equal for equal worlds; what never changes is left out. */
const keyOf = ({ row, workers, ...rest }: World): string =>
  [
    row.state,
    row.attempt,
    row.fence,
    row.sentFence,
    ...Object.values(rest),
    ...workers.flatMap((worker) => (worker ? Object.values(worker) : [undefined])),
  ].join()

/** Votes, second thoughts, changed rules and the clock. */
function peopleAndTime(world: World): readonly World[] {
  const events = world.version < 3 ? [...decisions, 'revise' as const] : decisions
  return [
    ...events.map((event) => apply(world, event)),
    ...(world.nowMs === OVER ? [] : [{ ...world, nowMs: OVER }]),
    ...(world.row.state === 'EXECUTING' && !world.isLeaseOver
      ? [{ ...world, isLeaseOver: true }]
      : []),
  ]
}

const decisions: readonly ApprovalEvent[] = [
  'approve',
  'deny',
  'withdraw',
  'revoke',
  'void',
  'expire',
  'resolve_done',
  'resolve_not_done',
]

const recovery = (design: Design, world: World): readonly World[] =>
  world.row.state === 'EXECUTING' && world.isLeaseOver ? [design.recover(world)] : []

function work(design: Design, world: World): readonly World[] {
  return world.workers.flatMap((worker, at) => {
    const put = (after: World, next: Worker | undefined): World => ({
      ...after,
      workers: after.workers.map((other, index) => (index === at ? next : other)),
    })
    if (!worker) {
      if (world.starts === 3 || world.row.state !== 'APPROVED') return []
      const started: Worker = { step: 'claim', seen: world.version, fence: 0 }
      return [put({ ...world, starts: world.starts + 1 }, started)]
    }
    const crash = put({ ...world, crashes: world.crashes + 1 }, undefined)
    return [advance(design, world, worker, put), ...(world.crashes < 2 ? [crash] : [])]
  })
}

function advance(
  design: Design,
  world: World,
  worker: Worker,
  put: (after: World, next: Worker | undefined) => World,
): World {
  switch (worker.step) {
    case 'claim': {
      const taken = design.take(world, worker)
      return taken
        ? put(taken, { ...worker, step: 'mark', fence: taken.row.fence })
        : put(world, undefined)
    }
    case 'mark': {
      const marked = design.mark(world, worker)
      return marked ? put(marked, { ...worker, step: 'send' }) : put(world, undefined)
    }
    case 'send':
      return put(send(world), { ...worker, step: 'answer' })
    case 'answer': {
      const isOurs = world.row.state === 'EXECUTING' && world.row.fence === worker.fence
      return put(isOurs ? apply(world, 'complete') : world, undefined)
    }
  }
}

const send = (world: World): World => ({
  ...world,
  effects: world.effects + 1,
  isRefusedEffect: REFUSED.has(world.row.state),
  isUnrecordedEffect: world.row.sentFence === undefined,
})
