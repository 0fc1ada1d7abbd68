import { setTimeout as pause } from 'node:timers/promises'

import type { RunLoad } from './load.ts'
import { requestText, type Subject } from './subject.ts'

/** One measurement: what is asked, and how often per round of each subject. */
export type Scenario = Readonly<{
  name: string
  method: string
  params: (subject: Subject) => object
  calls: (subject: Subject) => number
  /** False where peers would be measured at something else. */
  isForAll?: boolean
}>

/** Medians over the rounds, CPU in microseconds per call. */
export type Measured = Readonly<{
  subject: string
  cpuUs: number
  mainUs: number
  callsPerS: number
}>

const CONNECTIONS = 64
const ROUNDS = 5
/** Of the calls of a round, before the first: compilers are done by then, and a deployment runs for weeks. */
const WARM_UP_SHARE = 0.5

/** Every subject once per round, in an order that turns, so that a noisy minute touches all of them. */
export async function measure(
  subjects: readonly Subject[],
  scenario: Scenario,
  runLoad: RunLoad,
): Promise<Measured[]> {
  const samples = new Map<string, Measured[]>(subjects.map(({ name }) => [name, []]))
  for (const subject of subjects) await sample(subject, scenario, runLoad, WARM_UP_SHARE)
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of turned(subjects, round)) {
      samples.get(subject.name)?.push(await sample(subject, scenario, runLoad))
    }
  }
  return [...samples].map(([subject, all]) => ({
    subject,
    cpuUs: median(all.map(({ cpuUs }) => cpuUs)),
    mainUs: median(all.map(({ mainUs }) => mainUs)),
    callsPerS: median(all.map(({ callsPerS }) => callsPerS)),
  }))
}

/** @throws Error when the audit log of the subject does not hold exactly the calls made (PERF-12) */
async function sample(
  subject: Subject,
  scenario: Scenario,
  runLoad: RunLoad,
  share = 1,
): Promise<Measured> {
  const calls = Math.ceil(scenario.calls(subject) * share)
  const request = requestText(subject, scenario.method, scenario.params(subject))
  const recorded = await subject.recordedCalls?.()
  const before = subject.cpu()
  const { wallUs } = await runLoad({
    port: subject.port,
    connections: CONNECTIONS,
    calls,
    rate: 0,
    request,
  })
  const after = subject.cpu()
  if (scenario.method === 'tools/call') await expectRecorded(subject, recorded, calls)
  return {
    subject: subject.name,
    cpuUs: (after.total - before.total) / calls,
    mainUs: (after.main - before.main) / calls,
    callsPerS: (calls * 1e6) / wallUs,
  }
}

const SETTLED_MS_MAX = 5_000
const LOOK_MS = 50

/** The outcome of a read is written after its reply, so the last few may still be on their way. */
async function expectRecorded(
  subject: Subject,
  before: number | undefined,
  calls: number,
): Promise<void> {
  if (before === undefined) return
  const deadlineMs = Date.now() + SETTLED_MS_MAX
  let recorded: number
  do {
    recorded = ((await subject.recordedCalls?.()) ?? before) - before
    if (recorded === calls) return
    await pause(LOOK_MS)
  } while (Date.now() < deadlineMs)
  throw new Error(`${subject.name} made ${calls} calls and recorded ${recorded}`)
}

function turned<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
