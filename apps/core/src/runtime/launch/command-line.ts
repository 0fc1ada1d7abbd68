import { existsSync } from 'node:fs'
import { join } from 'node:path'

import type { StdioLaunch } from '../../model/server.ts'
import { SEARCH_PATH } from './environment.ts'

export type CommandLine = Readonly<{ command: string; args: readonly string[] }>

/** What keeps a child from taking the machine with it, said as strongly as it holds (RUN-64). */
export type LimitStrength = 'weak' | 'none'

const OPEN_FILES_MAX = 4096
/** Private writable memory. Address space stays free: WebAssembly reserves more of it than it ever uses. */
const DATA_BYTES_MAX = 4 * 1024 * 1024 * 1024

/**
 * What is really spawned for a launch: the one place where a sandbox goes around a command. `limiter` is the path of
 * `prlimit`, where the machine has it.
 */
export function commandLine(launch: StdioLaunch, limiter: string | undefined): CommandLine {
  if (!limiter) return { command: launch.command, args: launch.args }
  return {
    command: limiter,
    args: [
      '--core=0',
      `--nofile=${OPEN_FILES_MAX}`,
      `--data=${DATA_BYTES_MAX}`,
      '--',
      launch.command,
      ...launch.args,
    ],
  }
}

/** Looked up once per runtime. */
export const findLimiter = (): string | undefined =>
  SEARCH_PATH.map((folder) => join(folder, 'prlimit')).find((path) => existsSync(path))
