/** Counts what servers said that changed of them: whatever was read before is older than the count. */
export type News = Readonly<{
  of: (workspaceId: string, serverId: string) => number
  note: (workspaceId: string, serverId: string) => void
}>

/** One number for each server that ever said anything; there are as many as an administrator installed. */
export function createNews(): News {
  const counts = new Map<string, number>()
  const of: News['of'] = (workspaceId, serverId) => counts.get(`${workspaceId} ${serverId}`) ?? 0
  return {
    of,
    note: (workspaceId, serverId) =>
      void counts.set(`${workspaceId} ${serverId}`, of(workspaceId, serverId) + 1),
  }
}
