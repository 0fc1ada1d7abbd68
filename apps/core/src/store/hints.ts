import type { AuditEventType } from '@peta/contract'

import type { HintTopic, Hints } from './store.ts'

export type HintHub = Hints & Disposable & Readonly<{ wake: (topics: Iterable<HintTopic>) => void }>

const POLL_MS = 1000
/** Replicas that started together do not keep asking together. */
const POLL_JITTER = 0.2

/** In-process wake-ups, and a poll for what other processes commit. Losing every hint costs latency alone (STO-43). */
export function createHints(): HintHub {
  const listeners = new Map<HintTopic, Set<() => void>>()
  const wake = (topics: Iterable<HintTopic>): void => {
    for (const topic of topics) for (const listener of listeners.get(topic) ?? []) listener()
  }
  const pollMs = POLL_MS * (1 - Math.random() * POLL_JITTER)
  const poll = setInterval(() => wake(listeners.keys()), pollMs)
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

/** Which readers an event concerns, by the noun in its name. */
const topicOfNoun: Readonly<Record<string, HintTopic>> = {
  approval: 'approval',
  policy: 'policy',
  setup: 'identity',
  login: 'identity',
  session: 'identity',
  agent: 'identity',
  token: 'identity',
  group: 'identity',
  user: 'identity',
  profile: 'profile',
  server: 'server',
  tool: 'server',
  secret: 'vault',
  vault: 'vault',
}

/** Every event concerns those who watch events. */
export function addTopics(type: AuditEventType, topics: Set<HintTopic>): void {
  topics.add('event')
  const topic = topicOfNoun[type.slice(0, type.indexOf('.'))]
  if (topic) topics.add(topic)
}
