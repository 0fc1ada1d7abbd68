import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { startTestCore, type TestCore } from '../support/core.ts'
import { installServer } from '../support/everything-runs.ts'
import { becomeOwner, type Owner, issueToken, publishRules } from '../support/owner.ts'
import { connectTaskClient, type TaskClient } from '../support/task-client.ts'
import { startTaskServer, type TaskServer } from '../support/task-server.ts'

const rules = (denied = ''): string => `
rules:
  - id: everything-runs
    scope: { principals: [any], actions: [tool.call, client.elicit], resources: [any] }
    effect: allow
${denied}`
const NOT_ASK = `
  - id: not-ask
    scope: { principals: [any], actions: [tool.call], resources: ["tool:remote/ask"] }
    effect: deny
`

let core: TestCore
let owner: Owner
let server: TaskServer
let token: string
let client: TaskClient

beforeAll(async () => {
  server = await startTaskServer()
  core = await startTestCore()
  owner = await becomeOwner(core)
  await installServer(owner, 'remote', { kind: 'http', url: server.url, allowLoopback: true })
  await publishRules(owner, rules())
  token = await issueToken(owner)
  client = await connectTaskClient(core.url, token)
}, 60_000)

afterAll(async () => {
  await core?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

const askedOf = (taskId: unknown): readonly string[] =>
  server
    .asked()
    .filter(([, id]) => id === taskId)
    .map(([method]) => method)
const latest = (): string => `remote-${server.asked().filter(([m]) => m === 'tools/call').length}`

describe('a task of a server (MCP-137)', () => {
  it('is a task of Peta under an id of its own, and ends as the call would have', async () => {
    const { taskId, status } = await client.begin('remote__count', {})
    expect(status).toBe('working')
    expect(taskId).not.toContain('remote-')
    const done = await client.until(taskId, 'completed')
    expect(done.result).toMatchObject({ content: [{ text: '3' }], odd: 1.5 })
    expect(askedOf(latest())).toEqual(['tasks/get', 'tasks/get'])
    const failed = await client.begin('remote__fail', {})
    expect(await client.until(failed.taskId, 'failed')).toMatchObject({
      error: { code: -32_000, message: 'no such luck' },
    })
  })

  it('asks its client under its own key, and gets the answer', async () => {
    const { taskId } = await client.begin('remote__ask', {})
    const { inputRequests } = await client.until(taskId, 'input_required')
    expect(Object.keys(inputRequests ?? {})).toEqual(['their key'])
    const inputResponses = { 'their key': { action: 'accept', content: {} } }
    await client.request('tasks/update', { taskId, inputResponses })
    const { result } = await client.until(taskId, 'completed')
    expect(JSON.parse(result?.content[0]?.text ?? '')).toEqual(inputResponses)
  })

  it('gets no answer that the rules meanwhile forbid, and is cancelled', async () => {
    const { taskId } = await client.begin('remote__ask', {})
    await client.until(taskId, 'input_required')
    await publishRules(owner, rules(NOT_ASK))
    const inputResponses = { 'their key': { action: 'accept', content: {} } }
    await client.request('tasks/update', { taskId, inputResponses })
    expect(await client.get(taskId)).toMatchObject({ status: 'failed', error: { code: -32_602 } })
    await expect.poll(() => askedOf(latest())).toContain('tasks/cancel')
    expect(askedOf(latest())).not.toContain('tasks/update')
    await publishRules(owner, rules())
  })

  it('is cancelled with the one of its client', async () => {
    const { taskId } = await client.begin('remote__ask', {})
    await client.request('tasks/cancel', { taskId })
    expect(await client.get(taskId)).toMatchObject({ status: 'cancelled' })
    await expect.poll(() => askedOf(latest())).toContain('tasks/cancel')
  })

  it('is made only for clients that take tasks (MCP-55)', async () => {
    await client.begin('remote__count', {})
    expect(server.declared()).toMatchObject({
      extensions: { 'io.modelcontextprotocol/tasks': {} },
    })
    const plain = await connectTaskClient(core.url, token, {})
    await plain.request('tools/call', { name: 'remote__count', arguments: {} })
    expect(server.declared()).toEqual({})
  })
})
