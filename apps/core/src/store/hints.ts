import type { HintTopic, Hints } from './store.ts'

/** Which commands concern which readers, by the first word of a command's name. */
const topics: Readonly<Record<string, HintTopic>> = {
  approval: 'approval',
  policy: 'policy',
  identity: 'identity',
  agent: 'identity',
  token: 'identity',
  session: 'identity',
  group: 'identity',
  link: 'identity',
  setup: 'identity',
  server: 'server',
  catalogue: 'server',
  secret: 'vault',
  vault: 'vault',
}

export type HintHub = Hints & Disposable & Readonly<{ wake: (topic: HintTopic) => void }>

const POLL_MS = 1000

export const topicOf = (name: string): HintTopic | undefined => topics[name.split('.')[0] ?? '']

/** In-process wake-ups, and a poll for what other processes commit. Losing every hint costs latency alone (STO-43). */
export function createHints(): HintHub {
  const listeners = new Map<HintTopic, Set<() => void>>()
  const wake = (topic: HintTopic): void => {
    for (const listener of listeners.get(topic) ?? []) listener()
  }
  const poll = setInterval(() => {
    for (const topic of listeners.keys()) wake(topic)
  }, POLL_MS)
  poll.unref()

  return {
    wake,
    on(topic, listener) {
      const all = listeners.get(topic) ?? new Set()
      listeners.set(topic, all.add(listener))
      return { [Symbol.dispose]: () => void all.delete(listener) }
    },
    [Symbol.dispose]: () => clearInterval(poll),
  }
}
