import { isRouteName, Problem, routes, type Role, type Route, type RouteName } from '@peta/contract'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { z } from 'zod'

import type { AdminCommands } from '../admin/command.ts'
import { CoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import { createAdminApp } from './admin-app.ts'

const WORKSPACE = `ws_${'0'.repeat(32)}`
const names = Object.keys(routes).filter(isRouteName)

const roles = ['owner', 'admin', 'approver', 'auditor', 'member'] as const

/** Every command answers with what it received, so that reaching one at all is visible. */
const reached: string[] = []
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one command stands for all
const commands = Object.fromEntries(
  names.map((name) => [
    name,
    async (request: { person?: Person }) => {
      reached.push(name)
      if (name === 'me.read' && request.person) return me(request.person)
      throw new CoreError('not_found')
    },
  ]),
) as unknown as AdminCommands

const me = ({ userId, workspaceId, email, name, role }: Person) => ({
  userId,
  workspaceId,
  email,
  name,
  role,
  groups: [],
})

const personOf = (role: Role): Person => ({
  workspaceId: WORKSPACE,
  userId: `usr_${'1'.repeat(32)}`,
  email: 'ana@example.com',
  name: 'Ana',
  role,
  groups: [],
  sessionId: `ses_${'2'.repeat(32)}`,
})

const OpenApi = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string() }))),
})

let serial = 0
const obstacles: string[] = []
const leaked: string[] = []
const app = createAdminApp({
  commands,
  person: async (authorization) => {
    const role = /^Bearer role:(\w+)$/.exec(authorization ?? '')?.[1]
    if (authorization === 'Bearer agent') throw new CoreError('human_session_required')
    const known = roles.find((candidate) => candidate === role)
    if (!known) throw new CoreError('unauthenticated')
    return personOf(known)
  },
  refuseInUrl: async (credential) => {
    leaked.push(credential)
    throw new CoreError('credential_in_url')
  },
  isHost: (authorization) => authorization === 'PetaHost key',
  isSetUp: async () => true,
  obstacles: async () => obstacles,
  auditKeys: async () => ({}),
  publicUrl: () => 'http://127.0.0.1:7382',
  newId: (prefix) => `${prefix}_${++serial}`,
  log: pino({ level: 'silent' }),
  version: 'test',
})

/** The one table of who may reach what, written down a second time by hand: the contract's table must agree. */
const allowed: Record<string, readonly Role[]> = {
  'self.read': roles,
  'directory.read': ['owner', 'admin', 'auditor'],
  'directory.write': ['owner', 'admin'],
  'agent.read': ['owner', 'admin', 'auditor'],
  'agent.write': ['owner', 'admin'],
  'profile.read': ['owner', 'admin', 'auditor'],
  'profile.write': ['owner', 'admin'],
  'server.read': ['owner', 'admin', 'auditor'],
  'server.write': ['owner', 'admin'],
  'secret.read': ['owner', 'admin', 'auditor'],
  'secret.write': ['owner', 'admin'],
  'policy.read': ['owner', 'admin', 'auditor'],
  'policy.write': ['owner', 'admin'],
  'approval.read': roles,
  'approval.decide': ['owner', 'admin', 'approver', 'member'],
  'approval.resolve': ['owner', 'admin', 'approver'],
  'audit.read': ['owner', 'admin', 'auditor'],
  'audit.export': ['owner', 'auditor'],
  'event.read': roles,
}

async function send(name: RouteName, authorization?: string, workspace = WORKSPACE) {
  const route: Route = routes[name]
  const path = route.path
    .replace('{workspace}', workspace)
    .replaceAll(/\{\w+\}/g, `xx_${'1'.repeat(32)}`)
  reached.length = 0
  const init = {
    method: route.method,
    headers: {
      ...(authorization && { authorization }),
      ...(route.body && { 'content-type': 'application/json' }),
    },
    ...(route.body && { body: '{}' }),
  }
  return app.request(path, init, {})
}

const guarded = names.filter((name) => routes[name].auth !== 'none')
const personal = guarded.filter((name) => routes[name].auth !== 'host')

it.each(guarded)('%s answers nobody without a credential (SEC-2, A-54)', async (name) => {
  for (const authorization of [undefined, '', 'Bearer', 'Bearer x', 'Basic eDp4', 'PetaHost x']) {
    const response = await send(name, authorization)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
  }
  expect(reached).toEqual([])
})

it.each(personal)('%s answers exactly the roles of the table (SEC-2, A-54)', async (name) => {
  const { auth } = routes[name]
  for (const role of roles) {
    const response = await send(name, `Bearer role:${role}`)
    const isRefused = response.status === 403
    expect({ role, isRefused }).toEqual({ role, isRefused: !allowed[auth]?.includes(role) })
  }
})

it.each(personal)('%s refuses an agent token (APR-50, POL-62)', async (name) => {
  const response = await send(name, 'Bearer agent')
  expect(response.status).toBe(403)
  expect(await response.json()).toMatchObject({ code: 'human_session_required' })
  expect(reached).toEqual([])
})

it.each(personal.filter((name) => routes[name].path.includes('{workspace}')))(
  '%s answers another workspace as if it did not exist (SEC-54)',
  async (name) => {
    const response = await send(name, 'Bearer role:owner', `ws_${'9'.repeat(32)}`)
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'not_found' })
    expect(reached).toEqual([])
  },
)

const post = (body: string | Uint8Array<ArrayBuffer>, contentType = 'application/json') =>
  app.request('/api/v1/setup', {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
  })

it.each([
  ['no JSON', 'hello', 400, 'not_json'],
  ['half of JSON', '{"link":', 400, 'not_json'],
  ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 400, 'not_json'],
  ['a list', '[]', 400, 'invalid_request'],
  ['an unknown field', '{"link":"a","email":"a@b.cd","name":"A","x":1}', 400, 'invalid_request'],
  ['a wrong type', '{"link":5,"email":"a@b.cd","name":"A"}', 400, 'invalid_request'],
  [
    'nested beyond reason',
    `{"link":${'['.repeat(100_000)}`.padEnd(300_000, ']') + '}',
    400,
    'not_json',
  ],
  ['nested too deeply', `{"link":${'['.repeat(65)}${']'.repeat(65)}}`, 400, 'invalid_request'],
  ['text with a zero', '{"link":"a\\u0000","email":"a@b.cd","name":"A"}', 400, 'invalid_request'],
  ['half a character', '{"link":"\\ud800","email":"a@b.cd","name":"A"}', 400, 'invalid_request'],
  ['too much', `"${'a'.repeat(1024 * 1024)}"`, 413, 'body_too_large'],
])(
  'answers a body that is %s with a problem that says what to change',
  async (_, body, status, code) => {
    const response = await post(body)
    const problem = Problem.parse(await response.json())
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(problem).toMatchObject({ code, status, type: `/problems/${code}` })
    expect(problem.detail).toMatch(/^[^{}]{10,}$/)
  },
)

it('takes JSON only', async () => {
  expect((await post('{}', 'text/plain')).status).toBe(415)
})

it('never repeats a refused value, which may be a secret', async () => {
  const response = await post('{"link":"s3cr3t-value","email":"s3cr3t-value","name":7}')
  expect(await response.text()).not.toContain('s3cr3t-value')
})

it('refuses query parameters that no route names', async () => {
  const response = await app.request(`/api/v1/workspaces/${WORKSPACE}/agents?colour=red`, {
    headers: { authorization: 'Bearer role:owner' },
  })
  expect(await response.json()).toMatchObject({ code: 'invalid_request' })
})

it('refuses a query parameter that is given twice', async () => {
  const response = await app.request(`/api/v1/workspaces/${WORKSPACE}/agents?limit=1&limit=2`, {
    headers: { authorization: 'Bearer role:owner' },
  })
  expect(await response.json()).toMatchObject({ code: 'invalid_request' })
})

it('says which methods an address has', async () => {
  const response = await app.request('/api/v1/setup', { method: 'PUT' })
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('POST')
  expect(await response.json()).toMatchObject({
    code: 'method_not_allowed',
    detail: 'Use POST.',
  })
})

it.each(['%00', '%E0%A4%A', '..%2f..', '%20', 'x'.repeat(257), '%F0%9F%92%A9'])(
  'finds nothing at an id that cannot be one: %s',
  async (id) => {
    reached.length = 0
    const response = await app.request(`/api/v1/workspaces/${WORKSPACE}/servers/${id}`, {
      headers: { authorization: 'Bearer role:owner' },
    })
    expect(response.status).toBe(404)
    expect(reached).toEqual([])
  },
)

it('describes every route in OpenAPI 3.1, with its permission', async () => {
  const document = OpenApi.parse(await (await app.request('/api/v1/openapi.json')).json())
  const described = Object.values(document.paths)
    .flatMap((path) => Object.values(path).map(({ operationId }) => operationId))
    .toSorted()
  expect(document.openapi).toBe('3.1.0')
  expect(described).toEqual(names.toSorted())
})

it('explains every problem code at its address', async () => {
  const response = await app.request('/problems/policy_denied')
  expect(await response.text()).toMatch(/A policy denies this call/)
  expect((await app.request('/problems/nonsense')).status).toBe(404)
})

it('is alive while it is not ready, and says what is in the way (VLT-21)', async () => {
  expect((await app.request('/ready')).status).toBe(200)
  obstacles.push('the vault is sealed')
  expect((await app.request('/health')).status).toBe(200)
  const response = await app.request('/ready')
  expect(response.status).toBe(503)
  expect(await response.json()).toMatchObject({ obstacles })
})

it('refuses a credential in the address, and has it ended (IDN-14, SEC-50)', async () => {
  const response = await app.request('/api/v1/me?Access_Token=peta_st_AbC', {
    headers: { authorization: 'Bearer role:owner' },
  })
  expect(response.status).toBe(400)
  expect(leaked).toEqual(['peta_st_AbC'])
  expect(await response.text()).not.toContain('peta_st_AbC')
})
