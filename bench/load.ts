import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { Command } from './programs.ts'

export type LoadResult = Readonly<{
  calls: number
  failures: number
  wallUs: number
  bytesIn: number
  p50Us: number
  p99Us: number
}>

/** `rate` is calls per second; 0 sends the next call when one is answered. */
export type LoadPlan = Readonly<{
  port: number
  connections: number
  calls: number
  rate: number
  request: string
}>

export type RunLoad = (plan: LoadPlan) => Promise<LoadResult>

/** @throws Error when an answer is wrong, missing or not the one to its request */
export function createLoad([file, ...args]: Command): RunLoad {
  const folder = mkdtempSync(join(tmpdir(), 'peta-bench-'))
  return async function runLoad({ port, connections, calls, rate, request }) {
    const path = join(folder, 'request')
    writeFileSync(path, request)
    const { stdout, stderr } = await promisify(execFile)(file, [
      ...args,
      ...[port, connections, calls, rate].map(String),
      path,
    ])
    const result: LoadResult = JSON.parse(stdout)
    if (result.failures > 0)
      throw new Error(`${result.failures} of ${calls} answers are wrong. ${stderr}`)
    return result
  }
}
