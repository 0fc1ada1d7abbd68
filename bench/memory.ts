/**
 * `npm run bench:memory [-- soak]`: what Core holds for clients that ask nothing, what many servers cost, and whether
 * anything is left of what came and went. The soak takes ten minutes.
 */
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { countChildren, cpuOfProcess } from './cpu.ts'
import { freePort } from './floors.ts'
import { createIdleClients, type IdleClients } from './idle-clients.ts'
import { openInspector, type Held } from './inspector.ts'
import { createLoad, type RunLoad } from './load.ts'
import { hostKeyOf, startCore, urlOf } from './peta.ts'
import { buildPrograms } from './programs.ts'
import { aboutMachine, targetOf, targetTable, type Bound } from './report.ts'
import { installEcho, seedPeta, type Seeded } from './seed-peta.ts'
import { openSession, pidOf, requestText, startOnPort, stopChild } from './subject.ts'
import { writeResults } from './write-results.ts'

const TOOLS = 1000
const AGENTS = 250
const [SESSIONS, STREAMS, VISITS] = [10_000, 1000, 1000]
const [SERVERS, TOOLS_EACH] = [200, 50]
const [LISTS, CHANGES] = [1000, 20]
const SOAK = { connections: 32, rate: 500, warmUp: 15_000, calls: 300_000 }
const SETTLE_MS = 3000

/** No two looks are the same; what leaks once a client or a call shows far above these. */
const HEAP_GROWTH_MIB_MAX = 2
const GROWTH_MAX = 5

type Bench = Readonly<{
  port: number
  pid: number
  seeded: Seeded
  clients: IdleClients
  runLoad: RunLoad
  /** How much more Core holds after the work than before. */
  grown: (work: () => Promise<unknown>) => Promise<Standing>
}>

type Standing = Held & Readonly<{ files: number; children: number }>

const programs = buildPrograms()
await using lifetime = new AsyncDisposableStack()
const opened = await openBench()
const parts = [measureVisits, measureStreams, measureSessions, measureLists]
const bounds: Bound[] = []
for (const part of process.argv.includes('soak') ? [...parts, soak] : parts) {
  process.stderr.write(`${part.name}\n`)
  bounds.push(...(await part(opened)))
}
const targets = bounds.flatMap(targetOf)
const text = `${aboutMachine(programs.kind)}.\n\n${targetTable(targets)}`
process.stdout.write(`${text}\n`)
writeResults('memory', text)
if (targets.some(({ isMet }) => !isMet)) process.exitCode = 1

async function openBench(): Promise<Bench> {
  const home = await mkdtemp(join(tmpdir(), 'peta-bench-memory-'))
  lifetime.defer(() => rm(home, { recursive: true, force: true }))
  const echo = await startOnPort(programs.echo, ['http', String(TOOLS)])
  lifetime.defer(() => echo.stop())
  const port = await freePort()
  const core = lifetime.adopt(await startCore(home, port, ['--inspect=127.0.0.1:0']), stopChild)
  const [pid, url, hostKey] = [pidOf(core), urlOf(port), await hostKeyOf(home)]
  const seed = { url, hostKey, echoPort: echo.port, agents: AGENTS, tokensPerAgent: 1 }
  const seeded = await seedPeta(seed)
  const inspector = lifetime.use(await openInspector(join(home, 'core.log')))

  async function standing(): Promise<Standing> {
    await pause(SETTLE_MS)
    const files = readdirSync(`/proc/${pid}/fd`).length
    return { ...(await inspector.held()), files, children: countChildren(pid) }
  }
  return {
    port,
    pid,
    seeded,
    runLoad: createLoad(programs.load),
    clients: createIdleClients(port, seeded.tokens),
    async grown(work) {
      const before = await standing()
      await work()
      return differenceOf(before, await standing())
    },
  }
}

async function measureVisits({ clients, grown }: Bench): Promise<readonly Bound[]> {
  const visit = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++) await clients.comeAndGo()
  }
  await visit(VISITS / 5)
  return growthOf(`${VISITS} clients that left`, await grown(() => visit(VISITS)))
}

async function measureStreams({ clients, grown }: Bench): Promise<readonly Bound[]> {
  const warmUp = await clients.openStreams(AGENTS)
  warmUp()
  let hangUp = warmUp
  const held = await grown(async () => (hangUp = await clients.openStreams(STREAMS)))
  hangUp()
  return [memoryOf(`${STREAMS} open streams`, held, 16)]
}

async function measureSessions({ clients, grown }: Bench): Promise<readonly Bound[]> {
  const held = await grown(() => clients.openSessions(SESSIONS))
  return [memoryOf(`${SESSIONS} idle sessions`, held, 30)]
}

async function measureLists(bench: Bench): Promise<readonly Bound[]> {
  const { seeded, port, runLoad } = bench
  const echo = await startOnPort(programs.echo, ['http', String(TOOLS_EACH)])
  lifetime.defer(() => echo.stop())
  const install = (slug: string): Promise<string> =>
    installEcho(seeded.peta, seeded.workspace, { slug, port: echo.port })
  for (let at = 1; at < SERVERS; at++) await install(`server-${at}`)

  const request = await requestOf(bench, 'tools/list', {})
  const list = (calls: number) => runLoad({ port, calls, connections: 1, rate: 0, request })
  await list(LISTS / 4)
  const cachedUs = await cpuUsOf(bench, () => list(LISTS))
  let rebuildsUs = 0
  for (let at = 0; at < CHANGES; at++) {
    await install(`later-${at}`)
    rebuildsUs += await cpuUsOf(bench, () => list(1))
  }
  const what = `for the list of ${SERVERS} servers`
  return [
    { id: 'PERF-7', value: cachedUs / LISTS, max: 250, unit: `us ${what}` },
    {
      id: 'PERF-7',
      value: rebuildsUs / CHANGES / 1000,
      max: 50,
      unit: `ms ${what} after a change`,
    },
  ]
}

async function soak(bench: Bench): Promise<readonly Bound[]> {
  const { port, runLoad, grown } = bench
  const { connections, rate, warmUp, calls } = SOAK
  const params = { name: 'echo__echo_280', arguments: { message: 'x'.repeat(60) } }
  const request = await requestOf(bench, 'tools/call', params)
  const run = (count: number) => runLoad({ port, connections, rate, calls: count, request })
  await run(warmUp)
  return growthOf(`${calls} calls in ${calls / rate} s`, await grown(() => run(calls)))
}

async function requestOf({ port, seeded }: Bench, method: string, params: object): Promise<string> {
  const authorization = { authorization: `Bearer ${seeded.tokens[0]}` }
  const headers = await openSession(`${urlOf(port)}/mcp`, authorization)
  return requestText({ port, path: '/mcp', headers }, method, params)
}

async function cpuUsOf({ pid }: Bench, work: () => Promise<unknown>): Promise<number> {
  const before = cpuOfProcess(pid).total
  await work()
  return cpuOfProcess(pid).total - before
}

function differenceOf(before: Standing, after: Standing): Standing {
  return {
    residentMiB: after.residentMiB - before.residentMiB,
    heapMiB: after.heapMiB - before.heapMiB,
    timers: after.timers - before.timers,
    files: after.files - before.files,
    children: after.children - before.children,
  }
}

function memoryOf(what: string, { residentMiB }: Standing, max: number): Bound {
  return { id: 'PERF-9', value: residentMiB, max, unit: `MiB for ${what}` }
}

function growthOf(what: string, { heapMiB, timers, files, children }: Standing): readonly Bound[] {
  return [
    { id: 'PERF-9', value: heapMiB, max: HEAP_GROWTH_MIB_MAX, unit: `MiB of heap after ${what}` },
    { id: 'PERF-9', value: timers, max: GROWTH_MAX, unit: `timers more after ${what}` },
    { id: 'PERF-9', value: files, max: GROWTH_MAX, unit: `open files more after ${what}` },
    { id: 'PERF-9', value: children, max: 0, unit: `children more after ${what}` },
  ]
}
