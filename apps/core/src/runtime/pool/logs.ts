import type { Scrubber } from '../../model/clearance.ts'
import { createServerLog, type LogLine, type ServerLog } from '../launch/server-log.ts'

/** What servers wrote to stderr, of their last few instances. */
export type ServerLogs = Readonly<{
  open: (workspaceId: string, serverId: string, scrubber: Scrubber) => ServerLog
  lines: (workspaceId: string, serverId: string) => readonly LogLine[]
  forget: (workspaceId: string, serverId: string) => void
}>

const INSTANCES_KEPT = 3

export function createServerLogs(nowMs: () => number): ServerLogs {
  const logs = new Map<string, readonly ServerLog[]>()

  return {
    open(workspaceId, serverId, scrubber) {
      const log = createServerLog({ nowMs, scrub: (bytes) => scrubber.scrub(bytes).bytes })
      const key = keyOf(workspaceId, serverId)
      logs.set(key, [...(logs.get(key) ?? []), log].slice(-INSTANCES_KEPT))
      return log
    },
    lines(workspaceId, serverId) {
      const kept = logs.get(keyOf(workspaceId, serverId)) ?? []
      return kept.flatMap((log) => log.lines()).toSorted((a, b) => a.atMs - b.atMs)
    },
    forget: (workspaceId, serverId) => void logs.delete(keyOf(workspaceId, serverId)),
  }
}

const keyOf = (workspaceId: string, serverId: string): string => `${workspaceId} ${serverId}`
