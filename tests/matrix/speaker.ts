import { setTimeout as pause } from 'node:timers/promises'

import { z } from 'zod'

import type { Revision } from '../support/wire-client.ts'
import { tasksOf } from './tasks.ts'

type Json = Readonly<Record<string, unknown>>

export type Message = Readonly<{
  id?: number | string | undefined
  method?: string | undefined
  params?: Json | undefined
  result?: unknown
  error?: unknown
}>

const Members = z.record(z.string(), z.unknown())
export const Message = z.object({
  id: z.union([z.number(), z.string()]).optional(),
  method: z.string().optional(),
  params: Members.optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
})

/** A server of one revision, apart from what carries its messages. */
export type Speaker = Readonly<{
  /** Everything that a message causes leaves by `send`, its answer last. `closed` tells that nobody reads that. */
  take: (message: Message, send: (message: Json) => void, closed: AbortSignal) => Promise<void>
}>

export type SpeakerParts = Readonly<{
  revision: Revision
  /** Forgets what a client could rely on. */
  restart: () => void
}>

type Context = Readonly<{
  args: Json
  progress: (progress: number, message?: string) => void
  ask: (method: string, params: Json) => Promise<Json>
  cancelled: AbortSignal
}>

type Tool = (context: Context) => Promise<string>

/** What a modern server's tool ends in when it needs an answer first. */
class Needed extends Error {
  override readonly name = 'Needed'
  readonly question: Json

  constructor(question: Json) {
    super('an answer is needed')
    this.question = question
  }
}

const form = (message: string): Json => ({
  message,
  requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
})

export function createSpeaker({ revision, restart }: SpeakerParts): Speaker {
  const isModern = revision === '2026-07-28'
  const tools = createTools(revision, restart)
  const tasks = tasksOf[revision]
  const listed = [...Object.keys(tools).map(plainTool), ...tasks.tools]
  const open = new Map<unknown, AbortController>()
  const asked = new Map<unknown, (answer: Json) => void>()
  let questions = 0

  function contextOf(
    { params = {} }: Message,
    send: (message: Json) => void,
    cancelled: AbortSignal,
  ): Context {
    const progressToken = Members.catch({}).parse(params['_meta'])['progressToken']
    const given = z.array(Members).catch([]).parse(answersIn(params))
    return {
      cancelled,
      args: Members.catch({}).parse(params['arguments']),
      progress: (progress, text) =>
        send({
          method: 'notifications/progress',
          params: { progressToken, progress, ...(text !== undefined && { message: text }) },
        }),
      async ask(method, question) {
        if (isModern) {
          const answer = given.shift()
          if (!answer) throw new Needed({ method, params: question })
          return answer
        }
        questions += 1
        const id = `q${questions}`
        const { promise, resolve } = Promise.withResolvers<Json>()
        asked.set(id, resolve)
        send({ id, method, params: question })
        return promise
      },
    }
  }

  async function callTool(message: Message, context: Context): Promise<Json> {
    const name = String(message.params?.['name'])
    try {
      const text = (await tools[name]?.(context)) ?? `no tool ${name}`
      return { content: [{ type: 'text', text }] }
    } catch (error) {
      if (!(error instanceof Needed)) throw error
      const requestState = JSON.stringify(answersIn(message.params ?? {}))
      return {
        resultType: 'input_required',
        inputRequests: { next: error.question },
        requestState,
      }
    }
  }

  async function resultOf(message: Message, context: Context): Promise<Json | undefined> {
    switch (message.method) {
      case 'initialize':
        return isModern ? undefined : greeting
      case 'server/discover':
        return isModern ? { supportedVersions: [revision], ...greeting } : undefined
      case 'tools/list':
        return { tools: listed }
      case 'tools/call':
        return callTool(message, context)
      case undefined:
      default:
        return undefined
    }
  }

  const greeting = {
    protocolVersion: revision,
    capabilities: { tools: {}, ...tasks.capabilities },
    serverInfo: { name: revision, version: '1' },
  }

  return {
    async take(message, send, closed) {
      const { id, method, params, result } = message
      if (method === undefined) return asked.get(id)?.(Members.catch({}).parse(result))
      if (method === 'notifications/cancelled') return open.get(params?.['requestId'])?.abort()
      if (id === undefined) return
      const cancelling = new AbortController()
      open.set(id, cancelling)
      const cancelled = AbortSignal.any([cancelling.signal, ...(isModern ? [closed] : [])])
      const context = contextOf(message, send, cancelled)
      const answer = tasks.answer(message) ?? (await resultOf(message, context))
      open.delete(id)
      const complete = isModern ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {}
      if (!cancelled.aborted) {
        send({ id, ...(answer ? { result: { ...complete, ...answer } } : { error: NO_METHOD }) })
      }
    },
  }
}

const plainTool = (name: string): Json => ({ name, inputSchema: { type: 'object' } })
const NO_METHOD = { code: -32_601, message: 'Method not found' }

/** All answers so far: those the state remembers, then the newest. */
function answersIn(params: Json): readonly unknown[] {
  const { requestState, inputResponses } = params
  const before: unknown = typeof requestState === 'string' ? JSON.parse(requestState) : []
  const newest = Members.safeParse(inputResponses)
  return [...z.array(z.unknown()).parse(before), ...(newest.data ? [newest.data['next']] : [])]
}

function createTools(revision: Revision, restart: () => void): Readonly<Record<string, Tool>> {
  let seen: string[] = []
  let release = Promise.withResolvers<void>()
  const say = (value: unknown): string => JSON.stringify(value)
  const address = { mode: 'url', message: 'Visit', url: 'https://example.com/visit' }
  // The id is gone from the revision that asks in rounds.
  const visit = revision === '2025-11-25' ? { ...address, elicitationId: 'e1' } : address

  return {
    plain: async () => 'plain',
    async progress(context) {
      context.progress(1)
      context.progress(2)
      return 'progress'
    },
    /** Tells what it was told, in pieces and later, so that many calls answer across each other. */
    async mirror({ args, progress }) {
      const text = String(args['text'])
      for (let turn = 1; turn <= 2; turn += 1) {
        progress(turn, text)
        await pause(Number(args['pauseMs']))
      }
      return text
    },
    async hang({ cancelled }) {
      seen.push('started')
      const aborted = new Promise<void>((resolve) => {
        cancelled.addEventListener('abort', () => resolve(), { once: true })
      })
      await Promise.race([aborted, release.promise])
      seen.push(cancelled.aborted ? 'cancelled' : 'finished')
      return 'hung'
    },
    async release() {
      release.resolve()
      return 'released'
    },
    async forget() {
      seen = []
      release = Promise.withResolvers<void>()
      return 'forgotten'
    },
    seen: async () => seen.join(' '),
    async restart() {
      restart()
      return 'restarted'
    },
    form: async ({ ask }) => say(await ask('elicitation/create', form('Name?'))),
    decline: async ({ ask }) => say(await ask('elicitation/create', form('Decline?'))),
    url: async ({ ask }) => say(await ask('elicitation/create', visit)),
    async rounds({ ask }) {
      const first = await ask('elicitation/create', form('Name?'))
      const second = await ask('elicitation/create', form('Decline?'))
      return `${say(first)} ${say(second)}`
    },
    async sampling({ ask }) {
      const messages = [{ role: 'user', content: { type: 'text', text: 'Capital?' } }]
      const { content } = await ask('sampling/createMessage', { messages, maxTokens: 10 })
      return String(Members.parse(content)['text'])
    },
    async roots({ ask }) {
      const { roots } = await ask('roots/list', {})
      return z
        .array(z.object({ uri: z.string() }))
        .parse(roots)
        .map(({ uri }) => uri)
        .join(' ')
    },
  }
}
