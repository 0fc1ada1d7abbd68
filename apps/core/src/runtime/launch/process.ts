import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

import { CoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import type { Credential } from '../../model/clearance.ts'
import type { StdioLaunch } from '../../model/server.ts'
import type { Timers } from '../../ground/timers.ts'
import type { CommandLine } from './command-line.ts'
import { childEnvironment, type ChildEnvironment } from './environment.ts'
import { createGarbageMeter } from './garbage.ts'
import { createLineSplitter } from './line-splitter.ts'
import { createLineWriter } from './line-writer.ts'
import { killMarked, signal } from './orphans.ts'
import type { ServerLog } from './server-log.ts'
import type { OpenWire, Wire, WireEnd, WireEvents } from './wire.ts'

export type ProcessLaunch = Readonly<{
  server: string
  launch: StdioLaunch
  commandLine: CommandLine
  credentials: readonly Credential[]
  /** `<gateway id>/<boot id>/<instance id>` */
  marker: string
  log: ServerLog
  timers: Timers
  nowMs: () => number
}>

const LINE_BYTES_MAX = limits.resultBytesMax
const UNREAD_BYTES_MAX = 4 * 1024 * 1024
/** After closing stdin, and after SIGTERM (RUN-57). */
const POLITE_MS = 2000
const TERM_MS = 3000
/** How long the last answers of a dead child may take to arrive; someone else may hold its pipe open for ever. */
const LAST_WORDS_MS = 50

/**
 * Prepares a child's private home; the returned function starts the child, in a process group of its own, on the
 * main thread (RUN-59).
 */
export async function prepareProcess(parts: ProcessLaunch): Promise<OpenWire> {
  const home = await mkdtemp(join(tmpdir(), 'peta-server-'))
  const { launch, credentials, marker } = parts
  const environment = childEnvironment(launch.env, credentials, { home, marker })
  return (events) => openProcess(parts, home, environment, events)
}

// oxlint-disable-next-line max-params -- the two middle ones are made by prepareProcess alone
function openProcess(
  parts: ProcessLaunch,
  home: string,
  environment: ChildEnvironment,
  events: WireEvents,
): Wire {
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<void>()
  const child = spawnChild(parts, home, environment)
  let isOver = false
  let isStopping = false

  function finish(end: WireEnd): void {
    if (isOver) return
    isOver = true
    events.onEnd(isStopping ? { reason: 'stopped' } : end)
    void cleanUp(child, home, parts.marker).then(resolveEnded)
  }

  function fail(end: WireEnd): void {
    killGroup(child)
    finish(end)
  }

  if (!child.pid || !isPiped(child)) {
    child.once('error', (error) => parts.log.note(`[could not start: ${errorCode(error)}]`))
    queueMicrotask(() => finish({ reason: 'spawn_failed' }))
    return deadWire(parts.server, ended)
  }
  // First of all: writing to a dead child fails later, and unheard it would end this whole process (RUN-10).
  child.stdin.on('error', () => fail({ reason: 'write_failed' }))
  child.on('error', () => fail({ reason: 'spawn_failed' }))
  giveDescriptors(child, environment.descriptors)
  child.stderr.on('data', parts.log.push)
  readLines(child.stdout, parts, events, fail)
  onExit(child, parts.timers, finish)

  const writer = createLineWriter(child.stdin, parts.server, UNREAD_BYTES_MAX)
  return {
    kind: 'stdio',
    send({ bytes }) {
      if (isOver || isStopping) throw new CoreError('server_unavailable', { server: parts.server })
      writer.write(bytes)
    },
    abandon() {},
    async stop() {
      isStopping = true
      await stopInSteps(child, ended, parts.timers)
    },
    async kill() {
      isStopping = true
      killGroup(child)
      await ended
    },
  }
}

function spawnChild(
  { commandLine, launch }: ProcessLaunch,
  home: string,
  { env, descriptors }: ChildEnvironment,
): ChildProcess {
  return spawn(commandLine.command, commandLine.args, {
    shell: false,
    detached: true,
    cwd: launch.cwd ?? home,
    env,
    stdio: ['pipe', 'pipe', 'pipe', ...descriptors.map(() => 'pipe' as const)],
    windowsHide: true,
  })
}

type PipedChild = ChildProcess & { stdin: Writable; stdout: Readable; stderr: Readable }

const isPiped = (child: ChildProcess): child is PipedChild =>
  child.stdin !== null && child.stdout !== null && child.stderr !== null

function giveDescriptors(child: ChildProcess, values: readonly Buffer[]): void {
  for (const [index, value] of values.entries()) {
    const pipe = child.stdio[index + 3]
    if (!pipe || !('write' in pipe)) continue
    pipe.on('error', () => {})
    pipe.end(value)
  }
}

/** Over-long lines and streams of garbage end the child; a little garbage is only counted (RUN-9). */
function readLines(
  stdout: Readable,
  { log, nowMs }: ProcessLaunch,
  events: WireEvents,
  fail: (end: WireEnd) => void,
): void {
  const garbage = createGarbageMeter(nowMs)
  const splitter = createLineSplitter(LINE_BYTES_MAX, (line) => {
    if (events.onMessage(line)) return
    const verdict = garbage.count()
    if (verdict.isSample) log.note(`[stdout garbage: ${line.length} bytes]`)
    if (verdict.isTooMuch) fail({ reason: 'garbage' })
  })
  stdout.on('data', (chunk: Buffer) => {
    if (!splitter.push(chunk)) fail({ reason: 'line_too_long' })
  })
}

/** Reports the end soon after exit, whoever else holds the pipes: calls in flight must fail at once (RUN-56). */
function onExit(child: PipedChild, timers: Timers, finish: (end: WireEnd) => void): void {
  child.once('exit', (code, signalName) => {
    // Now, while its pid cannot yet be anyone else's.
    killGroup(child)
    const end = { reason: 'exited', detail: signalName ?? String(code) } as const
    if (child.stdout.readableEnded) return finish(end)
    const timer = timers.after(LAST_WORDS_MS, () => finish(end))
    child.stdout.once('end', () => {
      timer[Symbol.dispose]()
      finish(end)
    })
  })
}

/** Close stdin, wait, SIGTERM, wait, SIGKILL: each to the whole group (RUN-57, RUN-66). */
async function stopInSteps(
  child: ChildProcess,
  ended: Promise<void>,
  timers: Timers,
): Promise<void> {
  child.stdin?.end()
  const term = timers.after(POLITE_MS, () => signalGroup(child, 'SIGTERM'))
  const kill = timers.after(POLITE_MS + TERM_MS, () => killGroup(child))
  await ended
  term[Symbol.dispose]()
  kill[Symbol.dispose]()
}

const killGroup = (child: ChildProcess): void => signalGroup(child, 'SIGKILL')

/** NOTE: never with pid 0 or undefined, which would mean our own group. */
function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid) signal(-child.pid, name)
}

/** What left the group still carries the marker. */
async function cleanUp(child: ChildProcess, home: string, marker: string): Promise<void> {
  child.stdin?.destroy()
  child.stdout?.destroy()
  child.stderr?.destroy()
  await killMarked((found) => found === marker)
  await rm(home, { recursive: true, force: true }).catch(() => {})
}

const deadWire = (server: string, ended: Promise<void>): Wire => ({
  kind: 'stdio',
  send() {
    throw new CoreError('server_unavailable', { server })
  },
  abandon() {},
  stop: () => ended,
  kill: () => ended,
})

const errorCode = (error: Error): string => ('code' in error ? String(error.code) : error.name)
