import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { Client } from 'pg'
import { inject } from 'vitest'
import { z } from 'zod'

import { startServer, type RunningServer } from './postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Directory of the run's PostgreSQL and the process that it must not outlive. */
    postgres: Readonly<{ home: string; runnerPid: number }>
  }
}

/** A database of its own on the run's server; dropped when it is disposed. */
export type TestDatabase = AsyncDisposable &
  Readonly<{
    url: string
    /** A connection past the store, to look and to break things. */
    admin: Client
    serverPid: number
  }>

const Ready = z.object({ port: z.int(), pid: z.int() })
const READY_FILE = 'ready.json'
const READY_MS_MAX = 60_000
const POLL_MS = 50

export async function createTestDatabase(): Promise<TestDatabase> {
  const { port, pid } = await findServer()
  const urlOf = (database: string): string => `postgres://peta@127.0.0.1:${port}/${database}`
  const name = `t_${randomUUID().replaceAll('-', '')}`
  const admin = new Client(urlOf('postgres'))
  await admin.connect()
  await admin.query(`create database ${name} template template0 encoding 'UTF8'`)
  return {
    url: urlOf(name),
    admin,
    serverPid: pid,
    async [Symbol.asyncDispose]() {
      await admin.query(`drop database if exists ${name} with (force)`)
      await admin.end()
    },
  }
}

/** The first test file that asks starts the server; the others wait for it. Runs that never ask start none. */
async function findServer(): Promise<RunningServer> {
  const { home, runnerPid } = inject('postgres')
  const isFirst = await mkdir(join(home, 'starting')).then(
    () => true,
    () => false,
  )
  if (!isFirst) return waitForServer(home)
  const server = await startServer(home, runnerPid)
  const path = join(home, READY_FILE)
  await writeFile(`${path}.new`, JSON.stringify(server))
  await rename(`${path}.new`, path)
  return server
}

async function waitForServer(home: string): Promise<RunningServer> {
  for (let waitedMs = 0; waitedMs < READY_MS_MAX; waitedMs += POLL_MS) {
    const text = await readFile(join(home, READY_FILE), 'utf8').catch(() => undefined)
    if (text !== undefined) return Ready.parse(JSON.parse(text))
    await pause(POLL_MS)
  }
  throw new Error('the PostgreSQL of this run did not start; see the first test that needed it')
}
