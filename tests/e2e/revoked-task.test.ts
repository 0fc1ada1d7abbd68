import { expect, it } from 'vitest'

import { startTestCore } from '../support/core.ts'
import { startCountingServer } from '../support/counting-server.ts'
import { installServer } from '../support/everything-runs.ts'
import { becomeOwner, publishRules } from '../support/owner.ts'
import { connectTaskClient } from '../support/task-client.ts'

const RULES = `
rules:
  - id: writes-ask
    scope: { principals: [any], actions: [tool.call], resources: [any] }
    effect: require_approval
`

it('runs no task whose token was revoked while it waited, whatever people say then', async () => {
  await using server = await startCountingServer(async () => undefined)
  await using core = await startTestCore()
  const owner = await becomeOwner(core)
  const { peta, workspace } = owner
  await installServer(owner, 'count', { kind: 'http', url: server.url, allowLoopback: true })
  await publishRules(owner, RULES)
  const params = { workspace }
  const { id: agent } = await peta.call('agents.create', { params, body: { name: 'claude' } })
  const issued = await peta.call('tokens.issue', { params: { workspace, agent }, body: {} })
  const client = await connectTaskClient(core.url, issued.token)

  await client.begin('count__write_note', { key: 'a' })
  await peta.call('tokens.revoke', { params: { workspace, agent, token: issued.id } })
  const { items } = await peta.call('approvals.list', { params, query: { state: 'PENDING' } })
  const [{ id: approval } = { id: '' }] = items
  const { bind } = await peta.call('approvals.read', { params: { workspace, approval } })
  await peta.call('approvals.vote', {
    params: { workspace, approval },
    body: { vote: 'yes', bind },
  })

  const ended = async () => peta.call('approvals.read', { params: { workspace, approval } })
  await expect.poll(ended).toMatchObject({ state: 'VOID' })
  expect(server.effectsOf('a')).toBe(0)
}, 30_000)
