import { z } from 'zod'

import { CoreError, isCoreError } from '../../ground/errors.ts'
import { limits } from '../../ground/limits.ts'
import type { Scrubber } from '../../model/clearance.ts'
import type { ListTtls } from '../../model/catalogue.ts'
import type { ItemKind, ReviewedKind, ServerRef } from '../../model/server.ts'
import { readElements, readMembers, readValue } from '../../protocol/members.ts'
import { annotationProblem } from '../../protocol/rev-2026-07-28/annotation-problem.ts'
import { readTtlMs } from '../../protocol/read-ttl.ts'
import { hasSkills, skillFiles } from '../../protocol/skills.ts'
import type { ServerFrame } from '../../model/frame.ts'
import type { Connection } from '../connection/connection.ts'
import { drainApps } from './apps.ts'
import { instructionsItem } from './instructions.ts'
import { pinOf } from './pin.ts'

/** One entry as a server listed it just now. */
export type ListedItem = Readonly<{
  kind: ReviewedKind
  name: string
  /** The server's JSON text, to the byte. */
  definition: string
  pin: string
}>

/** All that a server lists, and how long it lets each list be kept. */
export type Drained = Readonly<{ items: readonly ListedItem[]; ttls: ListTtls }>

export type Draining = Readonly<{
  connection: Connection
  scrubber: Scrubber
  /** Slug, for errors. */
  server: string
  transport: ServerRef['transport']
  /** Told of each tool that is left out because nobody could call it. */
  onUncallable: (name: string, problem: string) => void
}>

type ListOf = List & Readonly<{ server: string }>

type List = Readonly<{
  kind: ItemKind
  isIn: (capabilities: Connection['greeting']['capabilities']) => boolean
  method: string
  member: string
  nameMember: string
}>

const has =
  (name: string): List['isIn'] =>
  (capabilities) =>
    name in capabilities

const LISTS: readonly List[] = [
  { kind: 'tool', isIn: has('tools'), method: 'tools/list', member: 'tools', nameMember: 'name' },
  {
    kind: 'prompt',
    isIn: has('prompts'),
    method: 'prompts/list',
    member: 'prompts',
    nameMember: 'name',
  },
  {
    kind: 'resource',
    isIn: has('resources'),
    method: 'resources/list',
    member: 'resources',
    nameMember: 'uri',
  },
  {
    kind: 'resource_template',
    isIn: has('resources'),
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    nameMember: 'uriTemplate',
  },
  {
    kind: 'skill',
    isIn: hasSkills,
    method: 'skills/list',
    member: 'skills',
    nameMember: 'uri',
  },
]

const PAGES_MAX = 100
const DEFINITION_BYTES_MAX = 256 * 1024
const METHOD_NOT_FOUND = -32601

/**
 * Everything a server lists. Follows cursors to a bound, and stops at one that repeats (MCP-115).
 *
 * @throws CoreError `server_misbehaves`, and whatever a request fails with
 */
export async function drainLists(draining: Draining, signal: AbortSignal): Promise<Drained> {
  const { connection, scrubber, server } = draining
  const offered = LISTS.filter(({ isIn }) => isIn(connection.greeting.capabilities))
  const lists = await Promise.all(
    offered.map((list) => drainList(connection, { ...list, server }, signal)),
  )
  const listed = lists.flatMap(({ items }) => items)
  const tools = listed.filter(({ kind }) => kind === 'tool')
  const apps = await drainApps(connection, tools, signal)
  return {
    items: [...listed, ...apps, ...instructionsItem(connection.greeting)]
      .filter((item) => isCallable(item, draining))
      .map((item) => scrubbed(item, scrubber)),
    ttls: Object.fromEntries(lists.map(({ kind, ttlMs }) => [kind, ttlMs])),
  }
}

/** A modern HTTP server wants arguments in headers; what it says of them has rules (MCP-54). */
function isCallable(item: ListedItem, draining: Draining): boolean {
  const { connection, scrubber, transport, onUncallable } = draining
  const isAnnotated = item.kind === 'tool' && item.definition.includes(ANNOTATION)
  if (!isAnnotated || transport !== 'http' || connection.greeting.era !== 'modern') return true
  const problem = annotationProblem(InputSchema.parse(JSON.parse(item.definition)).inputSchema)
  if (problem === undefined) return true
  const shown = (text: string): string => scrubber.scrub(Buffer.from(text)).bytes.toString('utf8')
  onUncallable(shown(item.name), shown(problem))
  return false
}

/** Most tools have none; their definitions need no second look. */
const ANNOTATION = 'x-mcp-header'
const InputSchema = z.looseObject({ inputSchema: z.unknown() })

/** A server may repeat a value it was given in what it says of itself (VLT-60). The pin stays that of what it said. */
function scrubbed(item: ListedItem, { isIdle, scrub }: Scrubber): ListedItem {
  if (isIdle) return item
  return { ...item, definition: scrub(Buffer.from(item.definition)).bytes.toString('utf8') }
}

type DrainedList = Readonly<{ kind: ItemKind; items: readonly ListedItem[]; ttlMs: number }>

async function drainList(
  connection: Connection,
  list: ListOf,
  signal: AbortSignal,
): Promise<DrainedList> {
  const found = new Map<string, ListedItem>()
  const cursors = new Set<string>()
  let ttlMs = connection.greeting.era === 'modern' ? Number.POSITIVE_INFINITY : 0
  let cursor: string | undefined
  for (let page = 0; page < PAGES_MAX && found.size < limits.toolsPerServerMax; page += 1) {
    const params = cursor === undefined ? {} : { cursor }
    const frame = await connection.ask(list.method, params, limits.listMs, signal)
    if (frame.code === METHOD_NOT_FOUND) break
    for (const item of readItems(frame, list)) if (!found.has(item.name)) found.set(item.name, item)
    ttlMs = Math.min(ttlMs, readTtlMs(frame))
    cursor = nextCursor(frame)
    if (cursor === undefined || cursors.has(cursor)) break
    cursors.add(cursor)
  }
  const items = [...found.values()].slice(0, limits.toolsPerServerMax)
  return { kind: list.kind, items, ttlMs: Number.isFinite(ttlMs) ? ttlMs : 0 }
}

function readItems({ bytes, spans }: ServerFrame, list: ListOf): readonly ListedItem[] {
  const members = spans.result ? readMembers(bytes, spans.result) : []
  const array = members.find(({ name }) => name === list.member)
  if (!array) {
    throw new CoreError('server_misbehaves', { server: list.server, method: list.method })
  }
  return readElements(bytes, array.value)
    .filter(([start, end]) => end - start <= DEFINITION_BYTES_MAX)
    .map((span) => readItem(bytes.toString('utf8', ...span), list))
    .filter((item) => item !== undefined)
}

/** An entry without a usable name is left out: nobody could call it. */
function readItem(definition: string, { kind, nameMember }: List): ListedItem | undefined {
  const value: unknown = JSON.parse(definition)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const members: Readonly<Record<string, unknown>> = { ...value }
  const name = members[nameMember]
  const isUsable = typeof name === 'string' && name !== '' && name.isWellFormed()
  if (!isUsable || name.includes('\0') || name.length > limits.uriBytesMax) return undefined
  if (kind === 'skill' && !skillFiles(members)) return undefined
  const pin = pinOrUndefined(members)
  return pin === undefined ? undefined : { kind, name, definition, pin }
}

/** A definition without a canonical form cannot be pinned, and what is not pinned is not offered. */
function pinOrUndefined(members: Readonly<Record<string, unknown>>): string | undefined {
  try {
    return pinOf(members)
  } catch (error) {
    if (error instanceof RangeError || isCoreError(error)) return undefined
    throw error
  }
}

function nextCursor({ bytes, spans }: ServerFrame): string | undefined {
  const cursor = spans.nextCursor && readValue(bytes, spans.nextCursor)
  return typeof cursor === 'string' && cursor !== '' ? cursor : undefined
}
