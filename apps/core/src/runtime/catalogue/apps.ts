import { sha256Hex } from '../../crypto/digest.ts'
import { canonicalJson } from '../../ground/canonical-json.ts'
import { isCoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import { appUriOf } from '../../protocol/apps.ts'
import { readMembers, readValue } from '../../protocol/members.ts'
import type { ServerFrame } from '../../model/frame.ts'
import type { Connection } from '../connection/connection.ts'
import type { ListedItem } from './drain.ts'

const APPS_MAX = 64

/**
 * The pages that tools name, each as an entry to review: what it is, what it asks to reach, and the digest of all that it
 * holds. A page is code that runs at the client, so it is in use as exactly what was accepted (MCP-140).
 */
export async function drainApps(
  connection: Connection,
  tools: readonly ListedItem[],
  signal: AbortSignal,
): Promise<readonly ListedItem[]> {
  if (!('resources' in connection.greeting.capabilities)) return []
  const uris = tools.map(({ definition }) => appUriOf(JSON.parse(definition)))
  const named = [...new Set(uris.filter((uri) => uri !== undefined))].slice(0, APPS_MAX)
  const items = await Promise.all(named.map((uri) => readApp(connection, uri, signal)))
  return items.filter((item) => item !== undefined)
}

/** A page that cannot be read now is not offered now; the lists are, all the same (MCP-116). */
async function readApp(
  connection: Connection,
  uri: string,
  signal: AbortSignal,
): Promise<ListedItem | undefined> {
  try {
    const frame = await connection.ask('resources/read', { uri }, limits.listMs, signal)
    const contents = contentsOf(frame)
    const pin = contents && digestOf(contents)
    if (!contents || pin === undefined) return undefined
    const shown = contents.map(({ text: _text, blob: _blob, ...rest }) => rest)
    const definition = JSON.stringify({ uri, sha256: pin, contents: shown })
    return { kind: 'app', name: uri, definition, pin }
  } catch (error) {
    if (isCoreError(error) && !signal.aborted) return undefined
    throw error
  }
}

/** Digest of the pages in the answer to a read; undefined when it holds none that could be compared. */
export function appDigest(frame: ServerFrame): string | undefined {
  const contents = contentsOf(frame)
  return contents && digestOf(contents)
}

type Content = Readonly<Record<string, unknown>>

/** What the answer to a read holds; undefined when that is nothing to compare. */
export function contentsOf({ bytes, spans }: ServerFrame): readonly Content[] | undefined {
  const members = spans.result ? readMembers(bytes, spans.result) : []
  const span = members.find(({ name }) => name === 'contents')?.value
  const contents = span && readValue(bytes, span)
  return Array.isArray(contents) && contents.every(isObject) ? contents : undefined
}

function digestOf(contents: readonly Content[]): string | undefined {
  try {
    return sha256Hex(canonicalJson(contents))
  } catch (error) {
    if (error instanceof RangeError || isCoreError(error)) return undefined
    throw error
  }
}

const isObject = (value: unknown): value is Content =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
