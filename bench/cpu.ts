import { readdirSync, readFileSync } from 'node:fs'

/** CPU time spent so far, user and kernel, in microseconds. `main` is the first thread of the first process. */
export type CpuTime = Readonly<{ total: number; main: number }>

/** Linux counts in ticks of 10 ms, so a sample should last half a second of CPU at least. */
const TICK_US = 10_000

/** CPU time of a process and of every process it started that still lives. */
export function cpuOfTree(pid: number): CpuTime {
  const total = treeOf(pid).reduce((sum, each) => sum + ticksOf(`/proc/${each}/stat`), 0)
  return { total: total * TICK_US, main: ticksOf(`/proc/${pid}/task/${pid}/stat`) * TICK_US }
}

/** CPU time of one process with its threads, without what it started. */
export function cpuOfProcess(pid: number): CpuTime {
  return {
    total: ticksOf(`/proc/${pid}/stat`) * TICK_US,
    main: ticksOf(`/proc/${pid}/task/${pid}/stat`) * TICK_US,
  }
}

/** How many processes it started that still live. */
export const countChildren = (pid: number): number => treeOf(pid).length - 1

/** Resident memory of a process in MiB. */
export function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
}

function treeOf(root: number): number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), fieldsOf(`/proc/${name}/stat`)[1]] as const),
  )
  const childrenOf = (pid: number): number[] =>
    [...parents]
      .filter(([, parent]) => Number(parent) === pid)
      .flatMap(([child]) => treeFrom(child))
  const treeFrom = (pid: number): number[] => [pid, ...childrenOf(pid)]
  return treeFrom(root)
}

/** utime and stime are fields 14 and 15 of the file, 11 and 12 after the name, which may hold anything. */
function ticksOf(file: string): number {
  const fields = fieldsOf(file)
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
}

function fieldsOf(file: string): string[] {
  try {
    const text = readFileSync(file, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return [] // NOTE: a process that ended between listing and reading counts nothing.
  }
}
