import { routes } from '@peta/contract'
import { expect, it } from 'vitest'
import { z } from 'zod'

import { createOpenApi } from './openapi.ts'

const Schema = z.looseObject({ $ref: z.string().optional(), type: z.string().optional() })
const Parameter = z.strictObject({
  name: z.string(),
  in: z.enum(['path', 'query']),
  required: z.literal(true).optional(),
  schema: z.looseObject({ type: z.string() }),
})
const Content = z.record(z.string().regex(/^[a-z]+\/[a-z+-]+$/), z.strictObject({ schema: Schema }))
const Operation = z.strictObject({
  operationId: z.string(),
  tags: z.array(z.string()).min(1),
  summary: z.string().min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  'x-permission': z.string().optional(),
  parameters: z.array(Parameter),
  requestBody: z.strictObject({ required: z.literal(true), content: Content }).optional(),
  responses: z.record(
    z.string().regex(/^(2\d\d|default)$/),
    z.strictObject({ description: z.string().min(1), content: Content.optional() }),
  ),
})
const Document = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({ title: z.string(), version: z.string() }),
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), Operation),
  ),
  components: z.strictObject({
    securitySchemes: z.record(z.string(), z.looseObject({ type: z.enum(['http', 'apiKey']) })),
    schemas: z.record(z.string(), Schema),
  }),
})

/** As a client gets it. */
const raw: unknown = JSON.parse(JSON.stringify(createOpenApi('1.2.3')))
const document = Document.parse(raw)
const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
  Object.values(byMethod).map((operation) => ({ path, ...operation })),
)

const NO_BODY = { additionalProperties: false }

/** Every value of a member of that name, anywhere. */
function membersNamed(name: string, value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key === name ? [member] : []),
    ...membersNamed(name, member),
  ])
}

it('has one operation for each route, under one id', () => {
  const ids = operations.map(({ operationId }) => operationId)
  expect(ids.toSorted()).toEqual(Object.keys(routes).toSorted())
})

it('declares exactly the parameters of each path, and none twice', () => {
  for (const { path, parameters } of operations) {
    const inPath = parameters.filter((parameter) => parameter.in === 'path')
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect(inPath.map(({ name }) => name)).toEqual(wanted)
    expect(inPath.every(({ required }) => required)).toBe(true)
    const keys = parameters.map((parameter) => `${parameter.in} ${parameter.name}`)
    expect(new Set(keys).size).toBe(keys.length)
  }
})

it('points at nothing that is not there', () => {
  const refs = membersNamed('$ref', raw).map(String)
  expect(refs.length).toBeGreaterThan(0)
  for (const ref of refs) {
    const found = ref
      .replace('#/', '')
      .split('/')
      .reduce<unknown>((at, name) => Object(at)[name], raw)
    expect({ ref, type: typeof found }).toEqual({ ref, type: 'object' })
  }
})

it('names only security schemes that it declares, and lets nobody in unnamed', () => {
  const open = operations.filter(({ security }) => security.length === 0)
  expect(open.map(({ operationId }) => operationId).toSorted()).toEqual([
    'sessions.create',
    'setup.complete',
  ])
  for (const { security } of operations) {
    for (const scheme of security.flatMap((need) => Object.keys(need))) {
      expect(document.components.securitySchemes).toHaveProperty(scheme)
    }
  }
})

it('describes every body as a closed object, and every answer but streams', () => {
  for (const { operationId, requestBody, responses } of operations) {
    const body = requestBody?.content['application/json']?.schema ?? NO_BODY
    expect({ operationId, isOpen: body['additionalProperties'] }).toEqual({
      operationId,
      isOpen: false,
    })
    expect(responses).toHaveProperty('default')
    expect(Object.keys(responses)).toHaveLength(2)
  }
})

it('shows no value of a secret in any answer (VLT-32)', () => {
  const answers = operations
    .filter(({ operationId }) => operationId.startsWith('secrets.'))
    .map(({ responses }) => responses)
  expect(membersNamed('value', answers)).toEqual([])
})
