import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { startTestCore, type TestCore } from '../support/core.ts'
import { startCountingServer, type CountingServer } from '../support/counting-server.ts'
import { installServer } from '../support/everything-runs.ts'
import { becomeOwner, type Owner, issueToken, publishRules } from '../support/owner.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { connectTaskClient, type TaskClient } from '../support/task-client.ts'

const STDIO_SERVER = new URL('../support/stdio-server.mjs', import.meta.url).pathname
const RULES = `
rules:
  - id: local-runs
    scope: { principals: [any], actions: [tool.call, client.elicit], resources: [any] }
    effect: allow
  - id: writes-ask
    scope: { principals: [any], actions: [tool.call], resources: ["tool:count/write_note"] }
    effect: require_approval
`
const form = { message: 'Who?', requestedSchema: { type: 'object', properties: {} } }
const ASKING = { method: 'elicitation/create', params: form }

describe.each(['sqlite', 'postgres'] as const)('kill -9 of Core with tasks, on %s', (engine) => {
  let lifetime: AsyncDisposableStack
  let core: TestCore
  let owner: Owner
  let server: CountingServer
  let client: TaskClient
  /** What the server does between its effect and its answer. */
  let work: () => Promise<unknown>

  beforeEach(async () => {
    lifetime = new AsyncDisposableStack()
    work = async () => undefined
    const database = engine === 'postgres' ? lifetime.use(await createTestDatabase()) : undefined
    server = lifetime.use(await startCountingServer(() => work()))
    core = lifetime.use(await startTestCore(database && { databaseUrl: database.url }))
    owner = await becomeOwner(core)
    await installServer(owner, 'count', { kind: 'http', url: server.url, allowLoopback: true })
    const launch = { kind: 'stdio' as const, command: process.execPath, args: [STDIO_SERVER] }
    await installServer(owner, 'local', launch)
    client = await connectTaskClient(core.url, await newToken())
  }, 60_000)

  afterEach(() => lifetime.disposeAsync())

  async function newToken(): Promise<string> {
    await publishRules(owner, RULES)
    return issueToken(owner)
  }

  async function vote(yes: boolean): Promise<void> {
    const { peta, workspace } = owner
    const query = { state: 'PENDING' } as const
    const { items } = await peta.call('approvals.list', { params: { workspace }, query })
    for (const { id: approval } of items) {
      const params = { workspace, approval }
      const { bind } = await peta.call('approvals.read', { params })
      const body = yes
        ? { vote: 'yes' as const, bind }
        : { vote: 'no' as const, bind, reason: 'not today' }
      await peta.call('approvals.vote', { params, body })
    }
  }

  async function restart(): Promise<void> {
    await core.kill()
    await core.start()
  }

  it('goes on with a task that waits for people, and runs it once (MCP-135, APR-40)', async () => {
    const { taskId, status, statusMessage } = await client.begin('count__write_note', { key: 'a' })
    expect(status).toBe('working')
    expect(statusMessage).toMatch(/^Waiting for approval APR-[0-9A-F]{8} \(15 min left\)$/)
    await restart()
    expect(await client.get(taskId)).toMatchObject({ status: 'working' })
    await vote(true)
    const done = await client.until(taskId, 'completed')
    expect(done).toMatchObject({ result: { content: [{ text: 'a' }] } })
    expect(server.effectsOf('a')).toBe(1)
    await restart()
    expect(await client.get(taskId)).toMatchObject({ result: done.result })
    expect(server.effectsOf('a')).toBe(1)
  })

  it('tells a task that was denied after the restart, and runs nothing (MCP-135)', async () => {
    const { taskId } = await client.begin('count__write_note', { key: 'b' })
    await restart()
    await vote(false)
    const { result } = await client.until(taskId, 'completed')
    expect(result).toMatchObject({ isError: true })
    expect(result?.content[0]?.text).toContain('not today')
    expect(server.effectsOf('b')).toBe(0)
  })

  // A lease has to end, which takes half a minute on any engine.
  it.runIf(engine === 'sqlite')(
    'says of an approved call that was on its way that nobody knows (MCP-135, APR-39)',
    async () => {
      const { promise: hangs } = Promise.withResolvers<void>()
      work = () => hangs
      const { taskId } = await client.begin('count__write_note', { key: 'c' })
      await vote(true)
      await expect.poll(() => server.effectsOf('c')).toBe(1)
      await restart()
      const { result } = await client.until(taskId, 'completed')
      expect(result).toMatchObject({ isError: true })
      expect(result?.content[0]?.text).toContain('nobody knows whether it ran')
      expect(server.effectsOf('c')).toBe(1)
    },
    60_000,
  )

  it('says the same of a call that was asking its client something (MCP-66, MCP-135)', async () => {
    const { taskId, status } = await client.begin('local__ask', ASKING)
    expect(status).toBe('input_required')
    await restart()
    const { result } = await client.until(taskId, 'completed')
    expect(result).toMatchObject({ isError: true })
    expect(result?.content[0]?.text).toContain('It may have run')
  })
})
