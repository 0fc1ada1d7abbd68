import type { Call, Outlet } from '../../model/call.ts'
import type { Effect } from '../../model/decision.ts'
import type { GovernedOutcome } from '../governed-call.ts'
import {
  allowed,
  createTestMcp,
  serverResult,
  snapshotOf,
  testItem,
  testItems,
  type TestMcp,
} from '../testing.ts'

export const NOTE = 'peta.files+note:///one'
export const OTHER = 'peta.files+note:///two'

/** A server that tells of its resources, whose subscriptions and waits a test holds in its hands. */
export type Subscribable = {
  readonly mcp: TestMcp
  /** What was let through to the server, with its way back. */
  readonly sent: Readonly<{ call: Call; outlet: Outlet; signal: AbortSignal }>[]
  /** What the rules say. */
  effect: Effect
  answer: (call: Call) => Promise<GovernedOutcome>
  /** Lets pass what waits so long, and what follows from it. */
  readonly elapse: (delayMs: number) => Promise<void>
  readonly waiting: () => number
  /** The server tells whoever subscribed first, second and so on that a resource changed. */
  readonly change: (at: number, uri: string, more?: string) => void
}

type Wait = Readonly<{ delayMs: number; run: () => void }>

export function createSubscribable(): Subscribable {
  let waits: readonly Wait[] = []
  const timers = {
    after(delayMs: number, run: () => void) {
      const wait = { delayMs, run }
      waits = [...waits, wait]
      return { [Symbol.dispose]: () => void (waits = waits.filter((other) => other !== wait)) }
    },
    every: () => ({ [Symbol.dispose]: () => undefined }),
  }
  const items = [...testItems, testItem('resource', { uri: 'note:///two', name: 'Two' })]
  const snapshot = { ...snapshotOf(items), subscribable: new Set(['srv_1']) }
  const decide = () => ({ ...allowed, effect: subscribable.effect })
  const mcp = createTestMcp(
    { timers, catalogue: () => snapshot, decide },
    (call, outlet, signal) => {
      subscribable.sent.push({ call, outlet, signal })
      return subscribable.answer(call)
    },
  )

  const subscribable: Subscribable = {
    mcp,
    sent: [],
    effect: 'allow',
    answer: async () => serverResult({}),
    async elapse(delayMs) {
      const due = waits.filter((wait) => wait.delayMs === delayMs)
      waits = waits.filter((wait) => wait.delayMs !== delayMs)
      for (const { run } of due) run()
      await settle()
    },
    waiting: () => waits.length,
    change(at, uri, more = '') {
      const params = `{"uri":"${uri}"${more}}`
      const text = `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":${params}}`
      subscribable.sent[at]?.outlet.notify(Buffer.from(text))
    },
  }
  return subscribable
}

/** Lets go on whatever waits for nothing but its turn. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
