/** What of its servers a workspace was told last, as sets of their names. */
export type NotedSets = Readonly<{
  of: (workspaceId: string) => ReadonlySet<string>
  /** False when it is as it was. */
  note: (workspaceId: string, member: string, isIn: boolean) => boolean
}>

export function createNotedSets(): NotedSets {
  const noted = new Map<string, ReadonlySet<string>>()
  const of: NotedSets['of'] = (workspaceId) => noted.get(workspaceId) ?? new Set()

  return {
    of,
    note(workspaceId, member, isIn) {
      const before = of(workspaceId)
      if (before.has(member) === isIn) return false
      const others = [...before].filter((other) => other !== member)
      noted.set(workspaceId, new Set(isIn ? [...others, member] : others))
      return true
    },
  }
}
