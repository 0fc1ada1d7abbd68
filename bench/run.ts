/** `npm run bench`: measures Peta beside floors and peers, prints tables, writes RESULTS.md. */
import { direct, startNginx, startRelay } from './floors.ts'
import { createLoad, type LoadResult, type RunLoad } from './load.ts'
import { measure, median, type Scenario } from './measure.ts'
import { startMcpProxy, startSdkProxy } from './peers.ts'
import { startPeta, type PetaUnderTest } from './peta.ts'
import { buildPrograms } from './programs.ts'
import { renderResults, targetsOf, type Results } from './report.ts'
import { requestText, startOnPort, type Subject } from './subject.ts'
import { writeResults } from './write-results.ts'

const TOOLS = 1000
const LATENCY_ROUNDS = 3

/** Calls per round: enough that the slowest clock of the system sees them, few enough for four minutes in all. */
const CALLS: Readonly<Record<string, number>> = { 'mcp-proxy': 1500, 'SDK in the middle': 1000 }
const CALLS_OF_FAST = 30_000

const scenarios: readonly Scenario[] = [
  toolCall('reply of 280 B', 'echo_280', 1),
  toolCall('reply of 3.5 KB', 'echo_3500', 0.6),
  toolCall('reply of 35 KB', 'echo_35000', 0.3),
  progressCall('reply of 280 B after 3 events', 'echo_280', 0.6),
  {
    name: `tools/list of ${TOOLS.toLocaleString('en')}`,
    method: 'tools/list',
    params: () => ({}),
    calls: ({ name }) => (CALLS[name] ?? CALLS_OF_FAST) * 0.1,
  },
]

const programs = buildPrograms()
const runLoad = createLoad(programs.load)
const echo = await startOnPort(programs.echo, ['http', String(TOOLS)])
const subjects: Subject[] = [direct(echo)]
try {
  subjects.push(await startRelay(echo))
  const nginx = await startNginx(echo)
  if (nginx) subjects.push(nginx)
  const peta = await startPeta(echo)
  if (peta) subjects.push(peta.subject)
  subjects.push(await startMcpProxy(programs.echo, TOOLS), await startSdkProxy(echo))
  const results = await runAll(subjects, peta, nginx !== undefined)
  const text = renderResults(results)
  process.stdout.write(text)
  writeResults('calls', text)
  if (targetsOf(results).some(({ isMet }) => !isMet)) process.exitCode = 1
} finally {
  for (const subject of subjects.toReversed()) await subject.stop()
}

async function runAll(
  all: readonly Subject[],
  peta: PetaUnderTest | undefined,
  hasNginx: boolean,
): Promise<Results> {
  const memory = all.map(({ name, memory: read }) => ({ subject: name, idleMiB: read() }))
  if (peta) memory.push({ subject: 'Peta without data', idleMiB: peta.emptyMiB })
  const measured: Results['scenarios'][number][] = []
  for (const scenario of scenarios) {
    process.stderr.write(`measuring ${scenario.name}\n`)
    const measurable = scenario.isForAll === false ? all.filter(isFast) : all
    measured.push({ name: scenario.name, measured: await measure(measurable, scenario, runLoad) })
  }
  process.stderr.write('measuring latency\n')
  return {
    programs: programs.kind,
    scenarios: measured,
    latency: await measureLatency(all, runLoad),
    memory,
    startMs: peta?.startMs,
    missing: [
      ...(peta ? [] : ['Peta itself, which cannot be seeded from outside yet']),
      ...(hasNginx ? [] : ['nginx, which is not installed here']),
    ],
  }
}

/** Peers that cannot keep 1,000 calls a second would measure their queue, so they are left out. */
async function measureLatency(all: readonly Subject[], load: RunLoad): Promise<Results['latency']> {
  const fast = all.filter(isFast)
  const samples: (LoadResult & Readonly<{ subject: string }>)[] = []
  for (let round = 0; round < LATENCY_ROUNDS; round++) {
    for (const subject of fast) {
      const request = requestText(subject, 'tools/call', echoParams(subject, 'echo_280'))
      const plan = { port: subject.port, connections: 32, calls: 2000, rate: 1000, request }
      samples.push({ subject: subject.name, ...(await load(plan)) })
    }
  }
  return fast.map(({ name }) => {
    const own = samples.filter(({ subject }) => subject === name)
    const p50Us = median(own.map((result) => result.p50Us))
    return { subject: name, p50Us, p99Us: median(own.map((result) => result.p99Us)) }
  })
}

function isFast({ name }: Subject): boolean {
  return !(name in CALLS)
}

/** Not every peer carries progress, and none should be measured at leaving it out. */
function progressCall(name: string, tool: string, share: number): Scenario {
  const params = (subject: Subject) => ({
    ...echoParams(subject, tool),
    _meta: { progressToken: 1 },
  })
  return { ...toolCall(name, tool, share), params, isForAll: false }
}

function toolCall(name: string, tool: string, share: number): Scenario {
  return {
    name,
    method: 'tools/call',
    params: (subject) => echoParams(subject, tool),
    calls: (subject) => (CALLS[subject.name] ?? CALLS_OF_FAST) * share,
  }
}

function echoParams(subject: Subject, tool: string): object {
  return { name: subject.toolName(tool), arguments: { message: 'x'.repeat(60) } }
}
