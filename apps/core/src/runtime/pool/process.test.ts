import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { CoreError } from '../../ground/errors.ts'
import { systemClock } from '../../ground/clock.ts'
import { MARKER } from '../launch/environment.ts'
import { admin, credentialSet, openTestRuntime, stdioDefinition, WORKSPACE } from '../testing.ts'
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

it('gives a child an environment made from nothing (RUN-69)', async () => {
  await using test = await openTestRuntime()
  const launch = { ...stdioDefinition().launch, env: { GREETING: 'hi' } }
  const server = await test.ready(stdioDefinition([], { launch }))
  const { text } = await test.call(server, 'env_names')
  expect(text).toBe(['GREETING', 'HOME', 'LANG', MARKER, 'PATH', 'TMPDIR', 'TZ'].toSorted().join())
})

it('delivers secrets by environment and by descriptor, and keeps them out of its log (SEC-61, RUN-68, MCP-58)', async () => {
  const value = 'correct-horse-battery'
  const set = credentialSet(
    [
      { target: 'env', name: 'API_KEY', value },
      { target: 'descriptor', name: 'API_KEY_FD', value: Buffer.from(value) },
      { target: 'env', name: 'LD_PRELOAD', value: '/tmp/evil.so' },
    ],
    value,
  )
  await using test = await openTestRuntime({ connectCredentials: async () => set })
  const server = await test.ready(stdioDefinition())
  const over = { credentials: set }
  expect(await test.call(server, 'env', { name: 'API_KEY' }, over)).toMatchObject({ text: value })
  expect(await test.call(server, 'descriptor', { name: 'API_KEY_FD' }, over)).toMatchObject({
    text: value,
  })
  expect(await test.call(server, 'env', { name: 'LD_PRELOAD' }, over)).toMatchObject({
    text: 'undefined',
  })
  await test.call(server, 'stderr', { line: `\u001b[31mmy key is ${value}\u001b[0m` }, over)
  await expect
    .poll(() => test.runtime.logs(WORKSPACE, server).map(({ text }) => text))
    .toContain('my key is [secret]')
})

it('reports a call as unknown when its server dies, never sends it again, and starts the server anew (RUN-55, RUN-56, RUN-88)', async () => {
  await using test = await openTestRuntime()
  const file = join(folder, 'died')
  const [dying, other] = await Promise.all([
    test.ready(stdioDefinition()),
    test.ready(stdioDefinition([], { slug: 'other' })),
  ])
  const pidBefore = (await test.call(dying, 'pid')).text
  const bystander = test.call(other, 'sleep', { ms: 200 })
  await expect(test.call(dying, 'mark_and_die', { file })).rejects.toEqual(
    failing('outcome_unknown', { reason: 'exited' }),
  )
  expect(await bystander).toMatchObject({ text: 'slept' })
  expect((await test.call(dying, 'pid')).text).not.toBe(pidBefore)
  expect(await readFile(file, 'utf8')).toBe('x')
  expect(test.events().map(({ type }) => type)).toContain('server.crashed')
})

it('survives writing to a child that is gone (RUN-10)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  const calls = [test.call(server, 'exit', { code: 3 })]
  for (let i = 0; i < 15; i += 1)
    calls.push(test.call(server, 'echo', { message: 'x'.repeat(99_999) }))
  const outcomes = await Promise.allSettled(calls)
  expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: failing('outcome_unknown') })
  expect(await test.call(server, 'echo', { message: 'again' })).toMatchObject({ text: 'again' })
})

it('refuses new calls, unsent, while a child does not read (RUN-11)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  await test.call(server, 'stop_reading')
  const calls = Array.from({ length: 8 }, () =>
    test.call(server, 'echo', { message: 'x'.repeat(1_000_000) }),
  )
  const all = Promise.allSettled(calls)
  const refused = await Promise.race(calls).catch((error: unknown) => error)
  expect(refused).toEqual(failing('server_busy'))
  await test.runtime.disable(admin, server)
  const codes = (await all).map((outcome) =>
    outcome.status === 'rejected' ? outcome.reason.code : 'answered',
  )
  expect(new Set(codes)).toEqual(new Set(['server_busy', 'outcome_unknown']))
}, 20_000)

it('puts up with a little garbage on stdout, and ends a server that prints nothing else (RUN-9, MCP-58)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  expect(await test.call(server, 'garbage', { lines: 50 })).toMatchObject({ text: 'done' })
  await expect(test.call(server, 'garbage', { lines: 11_000 })).rejects.toEqual(
    failing('outcome_unknown', { reason: 'garbage' }),
  )
})

it('ends a server whose line never ends (RUN-9, MCP-58)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  await expect(test.call(server, 'huge_line', { bytes: 9_000_000 })).rejects.toEqual(
    failing('outcome_unknown', { reason: 'line_too_long' }),
  )
})

it('drops duplicate and unknown answers (RUN-12)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  expect(await test.call(server, 'twice')).toMatchObject({ text: 'once' })
  expect(await test.call(server, 'echo', { message: 'next' })).toMatchObject({ text: 'next' })
})

it('gives progress its client’s own token back, and drops foreign and backward progress (MCP-130)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  const seen: unknown[] = []
  const outlet = { notify: (frame: Buffer) => void seen.push(JSON.parse(frame.toString()).params) }
  await test.call(server, 'progress', {}, { outlet, meta: { progressToken: 'tok-é' } })
  expect(seen).toEqual([1, 2, 3].map((progress) => ({ progressToken: 'tok-é', progress })))
  seen.length = 0
  await test.call(server, 'progress', {}, { outlet })
  expect(seen).toEqual([])
})

it('drops a notice that cannot be passed on safely, and nothing else (RUN-10)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  const seen: number[] = []
  const notify = (frame: Buffer): void => {
    const { progress } = JSON.parse(frame.toString()).params
    if (progress === 2) throw new CoreError('scrub_failed')
    seen.push(progress)
  }
  const over = { outlet: { notify }, meta: { progressToken: 'p' } }
  expect((await test.call(server, 'progress', {}, over)).text).toBe('done')
  expect(seen).toEqual([1, 3])
})

it('never shows one caller the progress of another (RUN-52)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  const callers = ['one', 'two', 'three'].map((token) => {
    const seen: string[] = []
    const outlet = {
      notify: (frame: Buffer) => void seen.push(JSON.parse(frame.toString()).params.progressToken),
    }
    return {
      token,
      seen,
      done: test.call(server, 'progress', {}, { outlet, meta: { progressToken: token } }),
    }
  })
  await Promise.all(callers.map(({ done }) => done))
  for (const { token, seen } of callers) expect(new Set(seen)).toEqual(new Set([token]))
})

it('tells a server at once that it may not ask back, instead of hanging (RUN-12)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  expect(await test.call(server, 'ask_back')).toMatchObject({ text: '-32601' })
})

it('tells the server once that a call was cancelled, and records that it may have run (MCP-131, RUN-53)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  const file = join(folder, 'cancelled')
  const ending = new AbortController()
  const hanging = test.call(server, 'mark_and_hang', { file }, { signal: ending.signal })
  await expect.poll(() => lines(file)).toHaveLength(1)
  ending.abort()
  await expect(hanging).rejects.toEqual(failing('outcome_unknown', { reason: 'cancelled' }))
  expect((await test.call(server, 'cancelled')).text).toMatch(/^\d+$/)
})

it('sends nothing for a call that was given up before (RUN-55)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  const file = join(folder, 'never-sent')
  await expect(
    test.call(server, 'mark_and_hang', { file }, { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ name: 'AbortedError' })
  await test.call(server, 'echo', { message: 'flush' })
  expect(await lines(file)).toEqual([])
})

it('says which clock ended a call that got no answer (RUN-54)', async () => {
  let aheadMs = 0
  const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs }
  await using test = await openTestRuntime({ clock, timers: hurried })
  const server = await test.ready(stdioDefinition())
  const file = join(folder, 'timed-out')
  const hanging = test.call(server, 'mark_and_hang', { file })
  await expect.poll(() => lines(file)).toHaveLength(1)
  aheadMs = 61_000
  await expect(hanging).rejects.toEqual(failing('call_timed_out', { clock: 'idle' }))
})

it('answers a full queue at once (RUN-45)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition([], { inFlightMax: 1 }))
  const calls = Array.from({ length: 6 }, () => test.call(server, 'sleep', { ms: 50 }))
  const outcomes = await Promise.allSettled(calls)
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  expect(outcomes[5]).toMatchObject({ reason: failing('server_busy', { retryAfterS: 1 }) })
})

it('sends nothing when the record of sending cannot be written (RUN-55)', async () => {
  const file = join(folder, 'unrecorded')
  await using test = await openTestRuntime({
    beforeSend: ({ clearance }) => {
      if (clearance.call.name === 'mark_and_hang') throw new Error('not recorded')
    },
  })
  const server = await test.ready(stdioDefinition())
  await expect(test.call(server, 'mark_and_hang', { file })).rejects.toThrow('not recorded')
  await test.call(server, 'echo', { message: 'flush' })
  expect(await lines(file)).toEqual([])
})
