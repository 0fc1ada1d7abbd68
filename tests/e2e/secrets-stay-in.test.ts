import { isRouteName, roles, routes, type Role, type RouteName } from '@peta/contract'
import { expect, it } from 'vitest'

import type { AdminCommands } from '../../apps/core/src/admin/command.ts'
import { createLog } from '../../apps/core/src/ground/log.ts'
import { createAdminApp } from '../../apps/core/src/http/admin-app.ts'
import type { Person } from '../../apps/core/src/model/principal.ts'
import { startTestCore } from '../support/core.ts'
import { becomeOwner } from '../support/owner.ts'
import { nobody, pathOf, routeSamples, type RouteSample } from '../support/route-samples.ts'

const CANARY = 'canary-Zm9v+8c/4f1e-stays-inside'
const encodings = [
  CANARY,
  JSON.stringify(CANARY).slice(1, -1),
  encodeURIComponent(CANARY),
  Buffer.from(CANARY).toString('base64'),
  Buffer.from(CANARY).toString('base64url'),
  Buffer.from(CANARY).toString('hex'),
]
const WORKSPACE = nobody('wsp')
const names = Object.keys(routes).filter(isRouteName)
const named = (samples: readonly RouteSample[]) =>
  samples.map((sample) => [sample.name, sample] as const)

function expectNoCanary(text: string): void {
  for (const form of encodings) expect(text).not.toContain(form)
}

const personOf = (role: Role): Person => ({
  workspaceId: WORKSPACE,
  userId: nobody('usr'),
  email: 'ana@example.com',
  name: 'Ana',
  role,
  groups: [],
  sessionId: nobody('ses'),
})

/** Commands that make the worst mistake: each answers with the value, under every name it might go by. */
const leak = { value: CANARY, secret: CANARY, items: [{ value: CANARY }], bindings: [CANARY] }
const reached = new Set<RouteName>()
const careless = createAdminApp({
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one command stands for all
  commands: Object.fromEntries(
    names.map((name) => [
      name,
      async () => {
        reached.add(name)
        return leak
      },
    ]),
  ) as unknown as AdminCommands,
  person: async (authorization) =>
    personOf(roles.find((role) => authorization === `Bearer ${role}`) ?? 'member'),
  refuseInUrl: () => Promise.reject(new Error('no credential is in an address here')),
  isHost: () => true,
  isSetUp: async () => true,
  obstacles: async () => [],
  auditKeys: async () => ({}),
  publicUrl: () => 'http://127.0.0.1:7382',
  newId: nobody,
  log: createLog('silent'),
  version: 'test',
})

it.each(named(routeSamples.filter(({ route }) => !route.stream)))(
  '%s lets out nothing that its schema does not name, to no role (VLT-32)',
  async (name, sample) => {
    const path = pathOf(sample, { workspace: WORKSPACE, ...sample.params })
    const init = {
      method: sample.route.method,
      headers: { 'content-type': 'application/json' },
      ...(sample.body && { body: JSON.stringify(sample.body) }),
    }
    for (const role of roles) {
      const headers = { ...init.headers, authorization: `Bearer ${role}` }
      const response = await careless.request(path, { ...init, headers }, {})
      expectNoCanary(await response.text())
    }
    expect(reached).toContain(name)
  },
)

it('answers nowhere with a value that it keeps, and writes it nowhere in the open (VLT-32)', async () => {
  await using core = await startTestCore()
  const { peta, workspace } = await becomeOwner(core)
  const session = await core.cli(['login'])
  expect(session.code).toBe(0)
  const params = { workspace }
  const launch = { kind: 'http', url: 'http://127.0.0.1:9/mcp', allowLoopback: true } as const
  const server = await peta.call('servers.install', {
    params,
    body: { slug: 'target', launch, connect: false },
  })
  const made = await peta.call('secrets.create', { params, body: { name: 'key', value: CANARY } })
  const secret = { workspace, secret: made.id }
  const binding = {
    serverId: server.id,
    target: 'header' as const,
    name: 'X-Api-Key',
    hosts: ['127.0.0.1:9'],
  }
  const answers = [
    made,
    await peta.call('secrets.put', { params: secret, body: { value: CANARY } }),
    await peta.call('secrets.promote', { params: secret, body: { version: 1 } }),
    await peta.call('secrets.bind', { params: secret, body: { binding, value: CANARY } }),
    await peta.call('secrets.list', { params }),
    await peta.call('servers.read', { params: { workspace, server: server.id } }),
    await peta.call('servers.logs', { params: { workspace, server: server.id } }),
    await peta.call('audit.list', { params, query: { limit: 200 } }),
    await (await peta.stream('audit.export', { params, body: {} })).text(),
    await peta.call('status.read', { params }),
  ]
  const refused = await peta
    .call('secrets.create', { params, body: { name: 'key', value: CANARY } })
    .catch((error: unknown) => error)
  const typed = [
    await core.cli(['secret', 'put', 'key'], CANARY),
    await core.cli(['--json', 'secret', 'put', 'key'], `${CANARY}\n`),
    await core.cli(['secret', 'bind', 'key', 'nowhere', '--header', 'X'], CANARY),
    await core.cli(['secret', 'put', 'BAD NAME'], CANARY),
    await core.cli(['secret', 'list']),
  ]
  expect(typed.map(({ code }) => code)).toEqual([0, 0, 1, 1, 0])
  expectNoCanary(JSON.stringify([answers, String(refused), typed, core.output()]))
})
