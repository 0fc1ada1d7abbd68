import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { appendFile, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { systemClock } from '../../ground/clock.ts'
import type { Askable } from '../../model/question.ts'
import { MARKER } from '../launch/environment.ts'
import { admin, openTestRuntime, stdioDefinition, WORKSPACE, type TestRuntime } from '../testing.ts'
import { systemTimers, type Timers } from '../../ground/timers.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peta-runtime-test-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const failing = (code: string, facts: object = {}) =>
  expect.objectContaining({ code, facts: expect.objectContaining(facts) })

/** The same waits, shorter, so that a test of a time-out takes none. */
const hurried: Timers = {
  after: (delayMs, run) => systemTimers.after(delayMs / 50, run),
  every: (periodMs, run) => systemTimers.every(periodMs / 50, run),
}

async function lines(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line !== '')
}

/** A dead child whose parent has not noticed yet is dead. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

async function greets(test: TestRuntime, flags: readonly string[]): Promise<string> {
  const server = await test.ready(stdioDefinition(flags))
  return (await test.call(server, 'echo', { message: 'hello' })).text
}

it('starts one process for a hundred first calls at once (RUN-42, RUN-89)', async () => {
  await using test = await openTestRuntime()
  const started = join(folder, 'storm')
  const server = await test.ready(stdioDefinition([`--started=${started}`], { inFlightMax: 64 }))
  await test.runtime.disable(admin, server)
  await test.runtime.enable(admin, server)
  const before = (await lines(started)).length
  const calls = Array.from({ length: 100 }, (_, i) => test.call(server, 'echo', { message: i }))
  expect((await Promise.all(calls)).map(({ text }) => Number(text))).toEqual(
    Array.from({ length: 100 }, (_, i) => i),
  )
  expect((await lines(started)).length - before).toBe(1)
})

it('ends what a server started, outside its group too, when the server ends (RUN-66, RUN-67, SEC-62, MCP-58)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  const pid = Number((await test.call(server, 'daemon')).text)
  expect(isAlive(pid)).toBe(true)
  await test.runtime.disable(admin, server)
  await expect.poll(() => isAlive(pid)).toBe(false)
})

it('ends a server that ignores both its stdin and SIGTERM (RUN-57, MCP-58)', async () => {
  const test = await openTestRuntime({ timers: hurried })
  const server = await test.ready(stdioDefinition(['--ignore-term']))
  const pid = Number((await test.call(server, 'pid')).text)
  await test[Symbol.asyncDispose]()
  expect(isAlive(pid)).toBe(false)
})

it('ends at start what an earlier boot of this gateway left, and nothing of another (RUN-67)', async () => {
  const orphan = (marker: string) =>
    spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {
      env: { [MARKER]: marker },
      stdio: 'ignore',
      detached: true,
    })
  const mine = orphan('gw_a/boot_1/ins_1')
  const others = [orphan('gw_b/boot_1/ins_1'), orphan('gw_a/boot_2/ins_1')]
  const gone = new Promise((resolve) => mine.once('exit', (_, signal) => resolve(signal)))
  await using test = await openTestRuntime({ gatewayId: 'gw_a', bootId: 'boot_2' })
  expect(test.runtime.servers(WORKSPACE)).toEqual([])
  expect(await gone).toBe('SIGKILL')
  expect(others.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([null, null])
  for (const child of others) child.kill('SIGKILL')
})

it('stops a server that nobody uses, and starts it again when somebody does (RUN-47)', async () => {
  let aheadMs = 0
  const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs }
  await using test = await openTestRuntime({ clock, timers: hurried })
  const server = await test.ready(stdioDefinition([], { idleStopMs: 60_000 }))
  const pid = Number((await test.call(server, 'pid')).text)
  aheadMs = 61_000
  await expect.poll(() => isAlive(pid)).toBe(false)
  expect(Number((await test.call(server, 'pid')).text)).not.toBe(pid)
})

it('keeps one process for a client that can be asked, and more only while it calls at the same time (MCP-65)', async () => {
  let aheadMs = 0
  const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs }
  await using test = await openTestRuntime({ clock, timers: hurried })
  const server = await test.ready(stdioDefinition([], { era: 'legacy' }))
  const askable: Askable = { asks: ['roots'], ask: async () => ({ error: Buffer.from('{}') }) }
  const outlet = { notify: () => undefined, askable }
  const own = () =>
    test.runtime.status(WORKSPACE, server).instances.filter(({ key }) => key.asks !== '').length
  await test.call(server, 'pid', {}, { outlet })
  await test.call(server, 'pid', {}, { outlet })
  expect(own()).toBe(1)
  await Promise.all([1, 2, 3].map(() => test.call(server, 'sleep', { ms: 100 }, { outlet })))
  expect(own()).toBe(3)
  aheadMs = 31_000
  await expect.poll(own).toBe(1)
})

it('quarantines a server that fails to start five times, until an administrator acts (RUN-49)', async () => {
  await using test = await openTestRuntime()
  const { id } = await test.runtime.install(admin, stdioDefinition(['--exit-at-start']))
  for (let i = 0; i < 5; i += 1) {
    await expect(test.runtime.refresh(WORKSPACE, id)).rejects.toEqual(failing('server_unavailable'))
  }
  await expect(test.runtime.refresh(WORKSPACE, id)).rejects.toEqual(failing('server_quarantined'))
  const types = test.events().map(({ type }) => type)
  expect(types).toContain('server.quarantined')
  expect(types).toContain('server.start_failed')
  expect(types).not.toContain('server.crashed')
  expect(test.runtime.status(WORKSPACE, id).instances).toMatchObject([{ state: 'quarantined' }])
  await test.runtime.disable(admin, id)
  await test.runtime.enable(admin, id)
  await expect(test.runtime.refresh(WORKSPACE, id)).rejects.toEqual(failing('server_unavailable'))
})

it('does not start a command whose file is not the one that was installed (RUN-7)', async () => {
  await using test = await openTestRuntime()
  const command = join(folder, 'command')
  await writeFile(command, `#!${process.execPath}\n`)
  await chmod(command, 0o755)
  const launch = { kind: 'stdio' as const, command, args: [], env: {} }
  const { id } = await test.runtime.install(admin, stdioDefinition([], { launch }))
  await appendFile(command, '// another line\n')
  await expect(test.runtime.refresh(WORKSPACE, id)).rejects.toEqual(
    failing('server_unavailable', { reason: 'command_changed' }),
  )
  const isThere = () =>
    test.events().some(({ type, fields }) => {
      return type === 'server.start_failed' && fields.includes('command_changed')
    })
  await expect.poll(isThere).toBe(true)
})

it('speaks the modern protocol to a process that knows it (MCP-52)', async () => {
  await using test = await openTestRuntime()
  expect(await greets(test, ['--modern'])).toBe('hello')
})

it('takes silence on a modern first message for an old server (MCP-52, RUN-22)', async () => {
  let aheadMs = 0
  const clock = { ...systemClock, nowMs: () => Date.now() + (aheadMs += 20) }
  await using test = await openTestRuntime({ clock })
  expect(await greets(test, ['--mute-unknown'])).toBe('hello')
})

it('lets calls finish on the old version of a server while new ones go to the new (RUN-57)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  const before = (await test.call(server, 'pid')).text
  const slow = test.call(server, 'sleep', { ms: 300 })
  await test.runtime.update(admin, server, stdioDefinition(['--new']))
  expect((await test.call(server, 'pid')).text).not.toBe(before)
  expect((await slow).text).toBe('slept')
  await expect.poll(() => isAlive(Number(before))).toBe(false)
})

it('does not wait for a start that nobody wants any more (RUN-58)', async () => {
  await using test = await openTestRuntime({ probeMs: 60_000 })
  const started = join(folder, 'unwanted')
  const flags = ['--mute-unknown', `--started=${started}`]
  const { id } = await test.runtime.install(admin, stdioDefinition(flags))
  const starting = test.runtime.refresh(WORKSPACE, id)
  starting.catch(() => {})
  await expect.poll(() => lines(started)).toHaveLength(1)
  await test.runtime.disable(admin, id)
  await expect(starting).rejects.toEqual(failing('server_unavailable'))
  expect(isAlive(Number((await lines(started))[0]))).toBe(false)
})
