import type { ListTtls } from '../../model/catalogue.ts'

/** How long the lists of servers may be kept, as each said last to this process. */
export type NotedTtls = Readonly<{
  of: (workspaceId: string) => ReadonlyMap<string, ListTtls>
  /** False when it is what was said before. */
  note: (workspaceId: string, serverId: string, ttls: ListTtls) => boolean
}>

export function createNotedTtls(): NotedTtls {
  const noted = new Map<string, ReadonlyMap<string, ListTtls>>()
  const of: NotedTtls['of'] = (workspaceId) => noted.get(workspaceId) ?? new Map()

  return {
    of,
    note(workspaceId, serverId, ttls) {
      const before = of(workspaceId)
      if (isSame(before.get(serverId), ttls)) return false
      noted.set(workspaceId, new Map(before).set(serverId, ttls))
      return true
    },
  }
}

const isSame = (before: ListTtls | undefined, now: ListTtls): boolean =>
  before !== undefined && JSON.stringify(before) === JSON.stringify(now)
