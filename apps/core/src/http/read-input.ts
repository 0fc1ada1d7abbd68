import type { Route } from '@peta/contract'
import type { z } from 'zod'

import { CoreError } from '../ground/errors.ts'
import { limits } from '../ground/limits.ts'

/** Names, versions and the codes that people say. */
const PARAM = /^[A-Za-z0-9][\w.-]{0,255}$/
const ID = /^[a-z]{2,5}_[0-9a-f]{32}$/
const ID_PARAMS: ReadonlySet<string> = new Set([
  'workspace',
  'agent',
  'token',
  'server',
  'secret',
  'binding',
])

/**
 * Nothing of another shape can exist, so none is looked up, and none is repeated in an answer or a log: someone may
 * have put a secret in its place.
 *
 * @throws CoreError `not_found`
 */
export function readParams(
  params: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const isPossible = Object.entries(params).every(([name, value]) =>
    (ID_PARAMS.has(name) ? ID : PARAM).test(value),
  )
  if (!isPossible) throw new CoreError('not_found')
  return params
}

/** @throws CoreError `invalid_request`; also for a query on a route that takes none, or a parameter given twice */
export function readQuery(
  route: Route,
  query: Readonly<Record<string, readonly string[]>>,
): unknown {
  const twice = Object.keys(query).find((name) => query[name]?.length !== 1)
  if (twice !== undefined) throw invalid('query: a parameter is given more than once')
  const single = Object.fromEntries(Object.entries(query).map(([name, [value]]) => [name, value]))
  if (route.query) return parse(route.query, assertText(single, 'query'), 'query')
  const [name] = Object.keys(query)
  if (name !== undefined) throw invalid(`query: "${name}" is not a parameter of this route`)
  return undefined
}

/** @throws CoreError `unsupported_media_type`, `body_too_large`, `not_json`, `invalid_request` */
export async function readBody(route: Route, request: Request): Promise<unknown> {
  if (!route.body) return undefined
  const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') throw new CoreError('unsupported_media_type')
  if (request.headers.has('content-encoding')) throw new CoreError('unsupported_media_type')
  return parse(route.body, assertText(parseJson(await readText(request)), 'body'), 'body')
}

/** Counts as it reads, so that a body without a truthful length cannot fill memory. */
async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > limits.adminBodyBytesMax) {
      throw new CoreError('body_too_large', { bytesMax: limits.adminBodyBytesMax })
    }
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (cause) {
    throw new CoreError('not_json', { problem: 'it is not UTF-8' }, { cause })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CoreError('not_json', { problem: 'it does not parse' }, { cause })
  }
}

/**
 * No field nests deeply, or takes a text with U+0000 or half a character: databases disagree about them, and what is shown would not
 * be what is kept.
 */
function assertText(value: unknown, place: string, depth = 0): unknown {
  if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
    throw invalid(`${place}: a text holds U+0000 or half of a surrogate pair`)
  }
  if (typeof value !== 'object' || value === null) return value
  if (depth === limits.jsonDepthMax) throw invalid(`${place}: it is nested too deeply`)
  for (const [name, member] of Object.entries(value)) {
    assertText(name, place)
    assertText(member, place, depth + 1)
  }
  return value
}

function parse(schema: z.ZodType, value: unknown, place: string): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw invalid(
    result.error.issues
      .slice(0, 5)
      .map((issue) => describe(issue, place))
      .join('; '),
  )
}

/** Names the field and what is wrong with it, never the value: it may be a secret. */
const describe = (issue: z.core.$ZodIssue, place: string): string =>
  `${[place, ...issue.path.map(String)].join('.')}: ${issue.message}`

const invalid = (problem: string): CoreError => new CoreError('invalid_request', { problem })
