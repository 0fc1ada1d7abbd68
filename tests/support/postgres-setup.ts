import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import type { TestProject } from 'vitest/node'

const STOP_POLLS = 200
const POLL_MS = 50

/** Gives the run a place for one PostgreSQL, and stops it at the end if some test started it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = await mkdtemp(join(tmpdir(), 'peta-postgres-'))
  // The server runs as a user without rights, who has to reach its folder inside.
  await chmod(home, 0o755)
  project.provide('postgres', { home, runnerPid: process.pid })
  return async () => {
    const ready = await readFile(join(home, 'ready.json'), 'utf8').catch(() => undefined)
    if (ready !== undefined) await stop(Number(JSON.parse(ready).pid))
    await rm(home, { recursive: true, force: true })
  }
}

async function stop(pid: number): Promise<void> {
  if (isRunning(pid)) process.kill(pid, 'SIGINT')
  for (let polls = 0; polls < STOP_POLLS && isRunning(pid); polls += 1) await pause(POLL_MS)
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
