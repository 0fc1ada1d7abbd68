import { isRouteName, routes } from '@peta/contract'
import { z } from 'zod'

import { sha256 } from '../crypto/digest.ts'
import { canonicalJson } from '../ground/canonical-json.ts'
import { CoreError } from '../ground/errors.ts'
import type { Person } from '../model/principal.ts'
import type { AdminCommands } from './command.ts'
import type { Page } from './page.ts'

export type CursorPurpose = 'admin-cursor'

export type CursorSealing = Readonly<{
  seal: (purpose: CursorPurpose, text: string) => string
  open: (purpose: CursorPurpose, sealed: string) => string | undefined
}>

type ListRequest = Readonly<{
  person: Pick<Person, 'workspaceId'>
  params: Readonly<Record<string, string>>
  query: Readonly<{ cursor?: string | undefined; limit?: number | undefined }>
}>
type ListCommand = (request: ListRequest) => Promise<Page<unknown>>

const Opened = z.tuple([z.string(), z.string()])

/**
 * The same commands, but what lists give out as `next` is opaque, and comes back to the same list only: same
 * workspace, route and filter (STO-29). The lists themselves know nothing of it, and none can forget it.
 */
export function sealCursors(commands: AdminCommands, sealing: CursorSealing): AdminCommands {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- those that are taken page, by their contract
  const byName = Object.entries(commands as unknown as Readonly<Record<string, ListCommand>>)
  const sealed = byName
    .filter(([name]) => hasCursor(name))
    .map(([name, list]) => [name, sealedList(name, list, sealing)] as const)
  return { ...commands, ...Object.fromEntries(sealed) }
}

function hasCursor(name: string): boolean {
  if (!isRouteName(name)) return false
  const route = routes[name]
  return 'query' in route && 'cursor' in route.query.shape
}

const sealedList =
  (name: string, list: ListCommand, { seal, open }: CursorSealing): ListCommand =>
  async (request) => {
    const { cursor, ...rest } = request.query
    const binding = bindingOf(name, request)
    const position = cursor === undefined ? undefined : positionOf(open, cursor, binding)
    const query = { ...rest, ...(position !== undefined && { cursor: position }) }
    const { items, next } = await list({ ...request, query })
    if (next === undefined) return { items }
    return { items, next: seal('admin-cursor', JSON.stringify([binding, next])) }
  }

/** The list that a cursor belongs to. The size of a page may change on the way. */
function bindingOf(route: string, { person, params, query }: ListRequest): string {
  const { cursor: _cursor, limit: _limit, ...filter } = query
  const list = { route, workspace: person.workspaceId, params, filter }
  return sha256(canonicalJson(list)).toString('base64url')
}

/** @throws CoreError `invalid_request` */
function positionOf(open: CursorSealing['open'], cursor: string, binding: string): string {
  const text = open('admin-cursor', cursor)
  const [list, position] = text === undefined ? [] : Opened.parse(JSON.parse(text))
  if (list !== binding || position === undefined) {
    throw new CoreError('invalid_request', {
      problem:
        'query.cursor: this list gave no such cursor for this filter; read it from the start',
    })
  }
  return position
}
