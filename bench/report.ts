import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'

import type { Measured } from './measure.ts'

/** What one run found, as far as it got: parts that could not run are absent, and said so. */
export type Results = Readonly<{
  programs: string
  scenarios: readonly Readonly<{ name: string; measured: readonly Measured[] }>[]
  latency: readonly Readonly<{ subject: string; p50Us: number; p99Us: number }>[]
  memory: readonly Readonly<{ subject: string; idleMiB: number }>[]
  startMs: number | undefined
  missing: readonly string[]
}>

export type Target = Readonly<{ id: string; must: string; measured: string; isMet: boolean }>

/** What is promised, each as a measured value and its bound; a target whose parts were not measured is left out. */
export function targetsOf(results: Results): Target[] {
  const cpu = (scenario: string, subject: string): number =>
    rowOf(results, scenario, subject)?.cpuUs ?? Number.NaN
  const [small, list] = ['reply of 280 B', 'tools/list of 1,000'] as const
  const peta = cpu(small, 'Peta')
  const bounds: readonly Bound[] = [
    { id: 'PERF-1', value: peta / cpu(small, 'nginx'), max: 5, unit: 'x the CPU of nginx' },
    { id: 'PERF-2', value: rowOf(results, small, 'Peta')?.mainUs, max: 60, unit: 'us main thread' },
    { id: 'PERF-3', value: cpu(small, 'mcp-proxy') / peta, min: 5, unit: 'x less than mcp-proxy' },
    {
      id: 'PERF-4',
      value: cpu(small, 'SDK in the middle') / peta,
      min: 10,
      unit: 'x less than the SDK in the middle',
    },
    { id: 'PERF-5', value: added(results, 'p50Us'), max: 500, unit: 'us added at the median' },
    { id: 'PERF-5', value: added(results, 'p99Us'), max: 3000, unit: 'us added at p99' },
    { id: 'PERF-6', value: cpu('reply of 35 KB', 'Peta'), max: 130, unit: 'us for 35 KB' },
    {
      id: 'PERF-7',
      value: cpu(list, 'SDK in the middle') / cpu(list, 'Peta'),
      min: 35,
      unit: 'x less than the SDK for a list',
    },
    {
      id: 'PERF-8',
      value: cpu('reply of 280 B after 3 events', 'Peta') / peta,
      max: 1.5,
      unit: 'x the JSON reply for 3 events and a result',
    },
    { id: 'PERF-9', value: idleOf(results, 'Peta'), max: 100, unit: 'MiB idle' },
    { id: 'PERF-11', value: results.startMs, max: 700, unit: 'ms from start to first call' },
  ]
  return bounds.flatMap(targetOf)
}

export type Bound = Readonly<{
  id: string
  value: number | undefined
  min?: number
  max?: number
  unit: string
}>

export function targetOf({ id, value, min = 0, max = Infinity, unit }: Bound): Target[] {
  if (value === undefined || Number.isNaN(value)) return []
  const must = min > 0 ? `at least ${min}` : `at most ${max}`
  const isMet = (min === 0 || value >= min) && value <= max
  return [{ id, must: `${must} ${unit}`, measured: value.toFixed(value < 20 ? 1 : 0), isMet }]
}

export function renderResults(results: Results): string {
  const parts = [
    '# Benchmark results\n\nWritten by `npm run bench`. Times on a shared machine mean little by themselves; compare the rows of one table.',
    `${aboutMachine(results.programs)}, 64 connections, median of 5 interleaved rounds.`,
    ...results.missing.map((what) => `Not measured: ${what}.`),
    ...results.scenarios.map(
      ({ name, measured }) => `## CPU per call, ${name}\n\n${cpuTable(measured)}`,
    ),
    `## Latency at 1,000 calls a second\n\n${latencyTable(results)}`,
    `## Memory when idle\n\n${table(
      ['subject', 'MiB'],
      results.memory.map(({ subject, idleMiB }) => [subject, idleMiB.toFixed(0)]),
    )}`,
    `## Targets\n\n${targetTable(targetsOf(results))}`,
  ]
  return `${parts.filter(Boolean).join('\n\n')}\n`
}

function rowOf({ scenarios }: Results, scenario: string, subject: string): Measured | undefined {
  const rows = scenarios.find(({ name }) => name === scenario)?.measured
  return rows?.find((row) => row.subject === subject)
}

/** What Peta adds to the latency of a call at 1,000 calls a second. */
function added({ latency }: Results, part: 'p50Us' | 'p99Us'): number {
  const of = (name: string): number =>
    latency.find(({ subject }) => subject === name)?.[part] ?? Number.NaN
  return of('Peta') - of('direct')
}

const idleOf = ({ memory }: Results, subject: string): number | undefined =>
  memory.find((row) => row.subject === subject)?.idleMiB

function cpuTable(measured: readonly Measured[]): string {
  const floor = measured.find(({ subject }) => subject === 'net relay')?.cpuUs ?? Number.NaN
  const rows = measured.map(({ subject, cpuUs, mainUs, callsPerS }) => [
    subject,
    cpuUs.toFixed(cpuUs < 100 ? 1 : 0),
    mainUs === 0 ? '' : mainUs.toFixed(mainUs < 100 ? 1 : 0),
    subject === 'direct' ? '' : (cpuUs / floor).toFixed(2),
    callsPerS.toFixed(0),
  ])
  return table(['subject', 'CPU us', 'main thread us', 'ratio to net relay', 'calls/s'], rows)
}

function latencyTable({ latency }: Results): string {
  const base = latency.find(({ subject }) => subject === 'direct')
  const rows = latency.map(({ subject, p50Us, p99Us }) => [
    subject,
    p50Us.toFixed(0),
    p99Us.toFixed(0),
    (p50Us - (base?.p50Us ?? 0)).toFixed(0),
    (p99Us - (base?.p99Us ?? 0)).toFixed(0),
  ])
  return table(['subject', 'p50 us', 'p99 us', 'added p50', 'added p99'], rows)
}

export function targetTable(targets: readonly Target[]): string {
  const rows = targets.map(({ id, must, measured, isMet }) => [
    id,
    must,
    measured,
    isMet ? 'met' : 'MISSED',
  ])
  return table(['target', 'must', 'measured', ''], rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const ruler = head.map((_, i) => (i === 0 ? '---' : '--:'))
  return [head, ruler, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

export function aboutMachine(programs: string): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const [cpu] = cpus()
  return `${cpus().length} x ${cpu?.model.trim()}, Node ${process.versions.node}, commit ${commit}, load and echo in ${programs}`
}
