import type { Route } from '@peta/contract'
import type { z } from 'zod'

import { CoreError } from '../ground/errors.ts'
import { limits } from '../ground/limits.ts'

/** @throws CoreError `invalid_request`; also for a query on a route that takes none */
export function readQuery(route: Route, query: Readonly<Record<string, string>>): unknown {
  if (route.query) return parse(route.query, query, 'query')
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
  return parse(route.body, parseJson(await readText(request)), 'body')
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
