import { setTimeout as pause } from 'node:timers/promises'

import {
  REVISIONS,
  type Revision,
  type WireClient,
  type WireMessage,
} from '../support/wire-client.ts'

/** Towards the server; `sse` is what 2024-11-05 had instead of Streamable HTTP. */
export const TRANSPORTS = ['http', 'stdio', 'sse'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** Towards Peta, `sse` is the same. */
export const CLIENTS = [
  ...REVISIONS.map((client) => ({ client, way: 'http' as const })),
  { client: '2024-11-05', way: 'sse' },
] as const satisfies readonly Pick<Cell, 'client' | 'way'>[]

/** Who speaks to whom, and how. */
export type Cell = Readonly<{
  client: Revision
  /** Of the client to Peta. */
  way: 'http' | 'sse'
  server: Revision
  /** Of Peta to the server. */
  transport: Transport
}>

export type Scene = Cell &
  Readonly<{
    /** Can be asked whatever its revision lets it be asked. */
    asked: WireClient
    /** Cannot be asked, so that its calls share a process with all others. */
    quiet: WireClient
    /** As Peta shows the tool of the server. */
    named: (tool: string) => string
  }>

export type Feature = Readonly<{
  name: string
  /** The revision it came with, on both sides. */
  since?: Revision
  /** Gives what is wrong; nothing is well. */
  run: (scene: Scene) => Promise<string | undefined>
}>

/** What a call says, where its answer has the shape that the revision of its client asks for. */
async function call(
  { named, client }: Scene,
  by: WireClient,
  tool: string,
  options: Parameters<WireClient['request']>[2] = {},
): Promise<string> {
  const params = { name: named(tool), arguments: {} }
  const { result, error } = await by.request('tools/call', params, options)
  if (error) return `error ${error.code}: ${error.message}`
  const isModern = client === '2026-07-28'
  if (isModern !== (result?.['resultType'] === 'complete')) return 'a resultType of another era'
  return textOf(result)
}

function textOf(result: WireMessage['result']): string {
  const content = result?.['content']
  const [block]: unknown[] = Array.isArray(content) ? content : []
  const text: unknown = typeof block === 'object' && block !== null && Reflect.get(block, 'text')
  return typeof text === 'string' ? text : JSON.stringify(result)
}

const saying =
  (tool: string, wanted: string): Feature['run'] =>
  async (scene) =>
    differs(await call(scene, scene.asked, tool), wanted)

const differs = (said: string, wanted: string): string | undefined =>
  said === wanted ? undefined : `said ${said}`

const TRIES = 400
const TRY_MS = 15

/** Asks the server what it has seen until it has seen that. */
const untilSeen = (scene: Scene, wanted: string): Promise<string | undefined> =>
  untilSaid(scene, 'seen', wanted)

async function untilSaid(scene: Scene, tool: string, wanted: string): Promise<string | undefined> {
  let said = ''
  for (let tries = 0; tries < TRIES; tries += 1) {
    said = await call(scene, scene.quiet, tool)
    if (said === wanted) return undefined
    await pause(TRY_MS)
  }
  return `${tool} said ${said}, not ${wanted}`
}

/** Starts a call that hangs, and lets `leave` end it once it runs. */
async function hang(
  scene: Scene,
  leave: (leaving: AbortController, id: number) => Promise<void>,
): Promise<string | undefined> {
  const { quiet } = scene
  await call(scene, quiet, 'forget')
  const leaving = new AbortController()
  const sent = Promise.withResolvers<number>()
  const options = { signal: leaving.signal, onSent: sent.resolve }
  const hanging = call(scene, quiet, 'hang', options).catch(() => 'gone')
  const problem = await untilSeen(scene, 'started')
  if (problem !== undefined) return problem
  await leave(leaving, await sent.promise)
  const isOver = leaving.signal.aborted
  if (isOver) await hanging
  return undefined
}

/** Has a call run as a task and waits for what it came to, in the way of its client. */
async function runTask(scene: Scene): Promise<string | undefined> {
  const { quiet } = scene
  const isNew = isModern(scene)
  const wanting = isNew ? { _meta: TAKES_TASKS } : { task: { ttl: 60_000 } }
  const params = { name: scene.named('task'), arguments: {}, ...wanting }
  const { result: begun, error } = await quiet.request('tools/call', params)
  const { taskId } = Object(isNew ? begun : begun?.['task'])
  if (typeof taskId !== 'string') return `no task: ${JSON.stringify(error ?? begun)}`
  if (!isNew)
    return differs(textOf((await quiet.request('tasks/result', { taskId })).result), 'task')
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { result: task } = await quiet.request('tasks/get', { taskId, _meta: TAKES_TASKS })
    if (task?.['status'] !== 'working') return differs(textOf(Object(task?.['result'])), 'task')
    await pause(TRY_MS)
  }
  return 'the task has no end'
}

const TAKES_TASKS = {
  'io.modelcontextprotocol/clientCapabilities': {
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  },
}

const isModern = ({ client }: Scene): boolean => client === '2026-07-28'

export const FEATURES: readonly Feature[] = [
  { name: 'plain', run: saying('plain', 'plain') },
  {
    name: 'progress',
    async run(scene) {
      const seen: unknown[] = []
      const params = { name: scene.named('progress'), arguments: {}, _meta: { progressToken: 'p' } }
      const onMessage = ({ params: note }: WireMessage): void =>
        void seen.push(note?.['progressToken'], note?.['progress'])
      const { result } = await scene.asked.request('tools/call', params, { onMessage })
      const told = JSON.stringify([seen, textOf(result)])
      return differs(told, JSON.stringify([['p', 1, 'p', 2], 'progress']))
    },
  },
  {
    name: 'cancel',
    async run(scene) {
      const problem = await hang(scene, async (leaving, requestId) => {
        if (isModern(scene)) return leaving.abort()
        await scene.quiet.notify('notifications/cancelled', { requestId })
      })
      return problem ?? untilSeen(scene, 'started cancelled')
    },
  },
  {
    name: 'client gone',
    async run(scene) {
      const problem = await hang(scene, async (leaving) => leaving.abort())
      if (problem !== undefined) return problem
      if (isModern(scene)) return untilSeen(scene, 'started cancelled')
      await call(scene, scene.quiet, 'release')
      return untilSeen(scene, 'started finished')
    },
  },
  {
    name: 'form',
    since: '2025-06-18',
    run: saying('form', '{"action":"accept","content":{"name":"Ana"}}'),
  },
  { name: 'decline', since: '2025-06-18', run: saying('decline', '{"action":"decline"}') },
  { name: 'url', since: '2025-11-25', run: saying('url', '{"action":"accept"}') },
  {
    name: 'two rounds',
    since: '2025-06-18',
    run: saying('rounds', '{"action":"accept","content":{"name":"Ana"}} {"action":"decline"}'),
  },
  { name: 'sampling', run: saying('sampling', 'Paris') },
  { name: 'roots', run: saying('roots', 'file:///home/ana') },
  { name: 'task', since: '2025-11-25', run: runTask },
  {
    name: 'restart',
    async run(scene) {
      await call(scene, scene.quiet, 'restart')
      // The first call after it may be the one that finds out, and a process that ended is given a moment.
      return untilSaid(scene, 'plain', 'plain')
    },
  },
]

/** Why two revisions cannot meet in a feature, or over a transport. */
export function whyNot(
  { name, since }: Feature,
  { client, way, server, transport }: Cell,
): string | undefined {
  if (name === 'client gone' && way === 'sse') return 'over HTTP+SSE one call has no connection'
  if (since !== undefined && (client < since || server < since)) return `${name} came with ${since}`
  const isGone = transport === 'sse' && server !== '2024-11-05'
  return isGone ? 'HTTP+SSE is the transport of 2024-11-05 alone' : undefined
}
