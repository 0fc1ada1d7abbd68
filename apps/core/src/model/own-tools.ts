import type { ServerRef } from './server.ts'

/**
 * Tools of Peta itself: called like those of servers, under the alias that no server may have (MCP-103). They reach no
 * server and show a principal nothing that it could not see otherwise, so they are allowed unless a rule names them.
 */
export const ownToolNames = [
  'search_tools',
  'describe_tool',
  'call_tool',
  'approval_status',
] as const

export type OwnToolName = (typeof ownToolNames)[number]

/** Stands where calls, rules and the log name a server. */
export const ownServer: ServerRef = { id: 'peta', slug: 'peta', labels: [], transport: 'own' }

export const isOwn = ({ id }: Pick<ServerRef, 'id'>): boolean => id === ownServer.id

/** The name that clients see. */
export const shownName = (name: OwnToolName): string => `${PREFIX}${name}`

/** Whether clients take a name for that of an own tool, there is or not. */
export const isOwnToolName = (name: string): boolean => name.startsWith(PREFIX)

const PREFIX = `${ownServer.slug}__`
