import { Problem, problems, type ProblemCode } from '@peta/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'

import { startTestCore, type TestCore } from '../support/core.ts'
import { becomeOwner, type Owner } from '../support/owner.ts'
import { allFiles } from '../support/processes.ts'
import { nobody, pathOf, routeSamples, type RouteSample } from '../support/route-samples.ts'

/** Stands where a careless caller might have put a secret: nothing may repeat or keep it. */
const CANARY = 'canary-7c1e-do-not-repeat-me'
const BODY_BYTES_MAX = 1024 * 1024

const withBody = routeSamples.filter((sample) => sample.body !== undefined)
const withParams = routeSamples.filter((sample) => Object.keys(sample.params).length > 0)
const inWorkspace = routeSamples.filter(({ route }) => route.path.includes('{workspace}'))
const named = (samples: readonly RouteSample[]) =>
  samples.map((sample) => [sample.name, sample] as const)

let core: TestCore
let owner: Owner
let token: string
let hostKey: string
let before: unknown

beforeAll(async () => {
  core = await startTestCore()
  owner = await becomeOwner(core)
  await core.cli(['login'])
  token = JSON.parse(await readHome('config/peta/session.json')).token
  hostKey = (await readHome('data/peta/host.key')).trim()
  const params = { workspace: owner.workspace }
  const secret = { name: 'kept', value: 'a-value-that-stays-inside' }
  await owner.peta.call('secrets.create', { params, body: secret })
  await owner.peta.call('agents.create', { params, body: { name: 'kept' } })
  await owner.peta.call('agents.create', { params, body: { name: 'kept too' } })
  before = await everything()
})

afterAll(() => core?.[Symbol.asyncDispose]())

const readHome = async (path: string): Promise<string> => {
  const found = (await allFiles(core.home)).find(([name]) => name.endsWith(path))
  return found?.[1].toString('utf8') ?? ''
}

/** All that a request could have changed. */
async function everything(): Promise<unknown> {
  const params = { workspace: owner.workspace }
  const { call } = owner.peta
  return Promise.all([
    call('users.list', { params }),
    call('groups.list', { params }),
    call('agents.list', { params }),
    call('servers.list', { params }),
    call('profiles.list', { params }),
    call('secrets.list', { params }),
    call('policy.versions', { params }),
    call('approvals.list', { params }),
    call('me.read', {}),
  ])
}

type Change = Readonly<{
  params?: Readonly<Record<string, string>>
  query?: string
  body?: string
  contentType?: string
}>

/** The sample as a valid request of somebody who may make it, but for one thing. */
function send(sample: RouteSample, change: Change): Promise<Response> {
  const { route, params, body } = sample
  const path = pathOf(sample, { workspace: owner.workspace, ...params, ...change.params })
  const text = change.body ?? (body && JSON.stringify(body))
  return fetch(`${core.url}${path}${change.query ?? ''}`, {
    method: route.method,
    headers: {
      ...(route.auth !== 'none' && {
        authorization: route.auth === 'host' ? `PetaHost ${hostKey}` : `Bearer ${token}`,
      }),
      ...(body && { 'content-type': change.contentType ?? 'application/json' }),
    },
    ...(body && text !== undefined && { body: text }),
  })
}

/** A refusal by the table, in one sentence, that repeats nothing. */
async function expectRefusal(response: Response, ...codes: readonly ProblemCode[]): Promise<void> {
  const text = await response.text()
  const problem = Problem.parse(JSON.parse(text))
  expect(codes).toContain(problem.code)
  expect(response.status).toBe(
    problems[codes.find((code) => code === problem.code) ?? 'internal'].status,
  )
  expect(response.status).toBeLessThan(500)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(problem.detail).toMatch(/^[^{}\n]{8,600}$/)
  expect(problem.instance).toMatch(/^req_/)
  expect(text).not.toContain(CANARY)
}

describe('a body', () => {
  it.each(named(withBody))('of %s with an unknown field is refused', async (_, sample) => {
    for (const name of ['surplus', '__proto__', 'constructor']) {
      const body = JSON.stringify(sample.body).replace(/^\{/, `{"${name}":"${CANARY}",`)
      await expectRefusal(
        await send(sample, { body: body.replace(/,\}$/, '}') }),
        'invalid_request',
      )
    }
  })

  it.each(named(withBody))('of %s with a field of a wrong type is refused', async (_, sample) => {
    for (const name of Object.keys(sample.body ?? {})) {
      const body = JSON.stringify({ ...sample.body, [name]: { wrong: CANARY } })
      await expectRefusal(await send(sample, { body }), 'invalid_request')
    }
  })

  it.each(named(withBody))('of %s that is no object is refused', async (_, sample) => {
    for (const body of [`"${CANARY}"`, `["${CANARY}"]`, 'null', '5', 'true']) {
      await expectRefusal(await send(sample, { body }), 'invalid_request')
    }
  })

  it.each(named(withBody))('of %s that is no JSON is refused', async (_, sample) => {
    for (const body of [CANARY, `{"a":"${CANARY}"`, '', `{'a': '${CANARY}'}`]) {
      await expectRefusal(await send(sample, { body }), 'not_json')
    }
  })

  it.each(named(withBody))('of %s of another type is refused', async (_, sample) => {
    for (const contentType of ['text/plain', 'application/x-www-form-urlencoded', 'x']) {
      await expectRefusal(await send(sample, { contentType }), 'unsupported_media_type')
    }
  })

  it.each(named(withBody))('of %s that is too large is refused', async (_, sample) => {
    const body = JSON.stringify({ ...sample.body, surplus: CANARY.padEnd(BODY_BYTES_MAX, 'x') })
    await expectRefusal(await send(sample, { body }), 'body_too_large')
  })
})

it.each(named(routeSamples))('%s refuses a query that it does not know', async (_, sample) => {
  await expectRefusal(await send(sample, { query: `?surplus=${CANARY}` }), 'invalid_request')
})

it.each(named(routeSamples.filter(({ route }) => route.query)))(
  '%s refuses a page of no size, of too many, and one that is no number',
  async (_, sample) => {
    for (const limit of ['0', '-1', '201', '1.5', 'x', '1e9', CANARY]) {
      await expectRefusal(await send(sample, { query: `?limit=${limit}` }), 'invalid_request')
    }
  },
)

describe('a cursor', () => {
  const lists = routeSamples.filter(
    ({ route: { query } }) => query instanceof z.ZodObject && 'cursor' in query.shape,
  )

  it('goes on where the page before ended', async () => {
    const params = { workspace: owner.workspace }
    const { items, next = '' } = await owner.peta.call('agents.list', {
      params,
      query: { limit: 1 },
    })
    const rest = await owner.peta.call('agents.list', { params, query: { cursor: next } })
    expect([...items, ...rest.items].map(({ name }) => name)).toEqual(['kept', 'kept too'])
  })

  it.each(named(lists))('that %s did not give is refused (STO-29)', async (_, sample) => {
    const params = { workspace: owner.workspace }
    const { next } = await owner.peta.call('audit.list', { params, query: { limit: 1, from: 1 } })
    for (const cursor of ['', '1', nobody('agt'), encodeURIComponent(CANARY), next]) {
      await expectRefusal(await send(sample, { query: `?cursor=${cursor}` }), 'invalid_request')
    }
  })
})

const missing = ['not_found', 'secret_not_found'] as const

describe('an id', () => {
  it.each(named(withParams))('of %s that nothing has finds nothing', async (_, sample) => {
    await expectRefusal(await send(sample, {}), ...missing)
  })

  it.each(named(withParams))('of %s of another shape finds nothing', async (_, sample) => {
    const odd = [
      'x',
      nobody('zzz'),
      '..%2F..',
      '%00',
      '%20',
      '%E0%A4%A',
      'x'.repeat(300),
      '%F0%9F%92%A9',
      "'%20or%201=1",
      encodeURIComponent(CANARY),
    ]
    for (const name of Object.keys(sample.params)) {
      for (const value of odd) {
        const response = await send(sample, { params: { ...sample.params, [name]: value } })
        await expectRefusal(response, ...missing, 'invalid_request')
      }
    }
  })

  it.each(named(inWorkspace))(
    'of %s in another workspace finds nothing (SEC-54)',
    async (_, sample) => {
      for (const workspace of [nobody('wsp'), nobody('ws'), 'x', '%00']) {
        await expectRefusal(
          await send(sample, { params: { ...sample.params, workspace } }),
          'not_found',
        )
      }
    },
  )
})

it.each(named(routeSamples))('%s is not there by another method', async (_, { route, params }) => {
  const path = pathOf({ route }, { workspace: owner.workspace, ...params })
  const response = await fetch(`${core.url}${path}`, { method: 'OPTIONS' })
  await expectRefusal(response, 'method_not_allowed')
  expect(response.headers.get('allow')).toContain(route.method)
})

it('has changed nothing by all this, and kept nothing of what it refused', async () => {
  expect(await everything()).toEqual(before)
  expect(core.output()).not.toContain(CANARY)
  expect(core.output()).not.toContain('admin request failed')
  for (const [path, bytes] of await allFiles(core.home)) {
    expect({ path, holds: bytes.includes(CANARY) }).toEqual({ path, holds: false })
  }
})
