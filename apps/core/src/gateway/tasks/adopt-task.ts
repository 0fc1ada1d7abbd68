import { CoreError } from '../../ground/errors.ts'
import type { Log } from '../../ground/log.ts'
import { parseClientMessage } from '../../protocol/frame.ts'
import type { Asking } from '../asking.ts'
import { eraOf } from '../classify.ts'
import type { Viewer } from '../lists/views.ts'
import type { LiveTasks } from './live-tasks.ts'
import { failureEnd } from './task-outcome.ts'
import type { Orphan, TaskRecords } from './task-records.ts'

export type AdoptDeps = Readonly<{
  records: Pick<TaskRecords, 'adopt'>
  serverInfo: string
  /** Who an agent is now, at a profile as it is now; undefined when either is gone. */
  viewerOf: (asker: Asker) => Viewer | undefined
  /** @throws CoreError when the call cannot go on */
  resume: (asking: Asking, orphan: Orphan) => void
  live: Pick<LiveTasks, 'end' | 'find'>
  log: Pick<Log, 'error'>
}>

export type Asker = Readonly<{
  workspaceId: string
  agentId: string
  tokenId: string
  profile: string
}>

/** Every task that another process left behind is gone on with here, from now on. */
export function adoptTasks(deps: AdoptDeps): void {
  deps.records
    .adopt((orphan) => adoptTask(deps, orphan))
    .catch((error: unknown) => deps.log.error({ err: error }, 'tasks could not be taken over'))
}

/**
 * Goes on with a task whose process is gone, if it waited for people; one that ran ends as a call of which nobody knows
 * whether it ran. Nothing is done twice (MCP-135).
 */
function adoptTask(deps: AdoptDeps, orphan: Orphan): void {
  const { task, request } = orphan
  if (deps.live.find(task.id)) return
  const message = parseClientMessage(request.bytes)
  if (!('frame' in message)) throw new RangeError('a task is made of a request')
  const { frame } = message
  const asked = { frame, era: eraOf(frame), serverInfo: deps.serverInfo }
  try {
    if (task.approvalId === undefined) throw new CoreError('outcome_unknown')
    const asker = { ...request, workspaceId: task.workspaceId }
    const viewer = deps.viewerOf(asker)
    if (!viewer) throw new CoreError('forbidden')
    deps.resume(
      {
        ...viewer,
        ...asked,
        headers: {},
        clientIp: request.clientIp,
        viewer: () => deps.viewerOf(asker),
        outlet: { notify: () => undefined },
        signal: new AbortController().signal,
      },
      orphan,
    )
  } catch (error) {
    deps.live
      .end(task, failureEnd(asked, error))
      .catch((cause: unknown) => deps.log.error({ err: cause }, 'a task could not be ended'))
  }
}
