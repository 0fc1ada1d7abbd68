import { readFile } from 'node:fs/promises'

/** What a process really holds: resident memory without the free room of its heap, after collecting garbage. */
export type Held = Readonly<{ residentMiB: number; heapMiB: number; timers: number }>

export type Inspector = Disposable & Readonly<{ held: () => Promise<Held> }>

const MIB = 1024 ** 2
const MEASURE = `JSON.stringify({
  ...process.memoryUsage(),
  timers: process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate/.test(name)).length,
})`

/** Connects to a Node that was started with `--inspect`, whose log says where. */
export async function openInspector(logFile: string): Promise<Inspector> {
  const [url] = /ws:\/\/\S+/.exec(await readFile(logFile, 'utf8')) ?? []
  if (url === undefined) throw new Error(`no inspector in ${logFile}`)
  const socket = new WebSocket(url)
  await new Promise((done, fail) => {
    socket.addEventListener('open', done)
    socket.addEventListener('error', fail)
  })
  let lastId = 0

  async function ask(method: string, params: object = {}): Promise<unknown> {
    const id = ++lastId
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const hear = ({ data }: MessageEvent): void => {
      const answer: { id?: number; result?: unknown } = JSON.parse(String(data))
      if (answer.id === id) resolve(answer.result)
    }
    socket.addEventListener('message', hear)
    socket.send(JSON.stringify({ id, method, params }))
    return promise.finally(() => socket.removeEventListener('message', hear))
  }

  return {
    async held() {
      // The second takes what the finalizers of the first let go.
      for (let round = 0; round < 2; round++) await ask('HeapProfiler.collectGarbage')
      const answer = await ask('Runtime.evaluate', { expression: MEASURE, returnByValue: true })
      const { rss, heapTotal, heapUsed, timers } = readUsage(answer)
      const residentMiB = (rss - heapTotal + heapUsed) / MIB
      return { residentMiB, heapMiB: heapUsed / MIB, timers }
    },
    [Symbol.dispose]: () => socket.close(),
  }
}

type Usage = Readonly<{ rss: number; heapTotal: number; heapUsed: number; timers: number }>

function readUsage(answer: unknown): Usage {
  const { result }: { result?: { value?: unknown } } = Object(answer)
  return JSON.parse(String(result?.value))
}
