import { readdir, readFile } from 'node:fs/promises'

import { MARKER } from './environment.ts'

const PASSES_MAX = 5

/**
 * Ends every process that carries a marker which `isOrphan` accepts, children that left their group included. Tells
 * how many it ended. Only Linux shows environments; elsewhere the group kill is all there is (RUN-67).
 */
export async function killMarked(isOrphan: (marker: string) => boolean): Promise<number> {
  let killed = 0
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    const found = await findMarked(isOrphan)
    if (found.length === 0) break
    for (const victim of found) if (await killIfSame(victim)) killed += 1
  }
  return killed
}

type Marked = Readonly<{ pid: number; startTime: string }>

async function findMarked(isOrphan: (marker: string) => boolean): Promise<readonly Marked[]> {
  const names = await readdir('/proc').catch(() => [])
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number)
  const checked = await Promise.all(
    pids.map(async (pid): Promise<Marked | undefined> => {
      const startTime = await startTimeOf(pid)
      const marker = startTime && (await markerOf(pid))
      return startTime && marker && isOrphan(marker) ? { pid, startTime } : undefined
    }),
  )
  return checked.filter((found) => found !== undefined).filter(({ pid }) => pid !== process.pid)
}

/** A pid may pass to another process between look and kill; the start time tells them apart. */
async function killIfSame({ pid, startTime }: Marked): Promise<boolean> {
  if ((await startTimeOf(pid)) !== startTime) return false
  return signal(pid, 'SIGKILL')
}

async function markerOf(pid: number): Promise<string | undefined> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  const entry = environment.split('\0').find((line) => line.startsWith(`${MARKER}=`))
  return entry?.slice(MARKER.length + 1)
}

/** Undefined for zombies too: they are dead already, and wait for their parent. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? undefined : fields[19]
}

/** False when there is no such process any more. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name)
    return true
  } catch {
    return false
  }
}
