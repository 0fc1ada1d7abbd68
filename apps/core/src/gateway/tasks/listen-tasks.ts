import { CoreError } from '../../ground/errors.ts'
import { declaresTasks, tasksCapability } from '../../protocol/rev-2026-07-28/tasks.ts'
import type { Asking } from '../asking.ts'
import { shownTask, type AnswerTaskDeps } from './answer-task.ts'
import { detailsOf } from './render-task.ts'
import type { TaskWatch } from './task-watch.ts'

export type ListenTaskDeps = AnswerTaskDeps & Readonly<{ watch: Pick<TaskWatch, 'on'> }>

/** Those of the named tasks that the caller has. */
export type OwnTasks = Readonly<{
  ids: readonly string[]
  /** Tells of each change with the members of the task as they are then, one after the other. */
  listen: (changed: (members: string) => void) => Disposable
}>

const IDS_MAX = 1000

/** @throws CoreError `capability_missing`, `params_invalid` */
export async function tasksToHear(
  deps: ListenTaskDeps,
  asking: Asking,
  wanted: readonly string[],
): Promise<OwnTasks> {
  if (wanted.length > 0 && !declaresTasks(asking.frame)) {
    throw new CoreError('capability_missing', { requiredCapabilities: tasksCapability })
  }
  if (wanted.length > IDS_MAX) throw new CoreError('params_invalid', { problem: 'Too many ids.' })
  const found = await Promise.all(wanted.map((id) => shownTask(deps, asking, id)))
  const ids = wanted.filter((_, at) => found[at])

  return {
    ids,
    listen(changed) {
      let told = Promise.resolve()
      const tell = async (id: string): Promise<void> => {
        const shown = await shownTask(deps, asking, id)
        if (shown) changed(detailsOf(shown))
      }
      return deps.watch.on(ids, (id) => {
        // A notice that is lost is made good by the next poll.
        told = told.then(() => tell(id)).catch(() => undefined)
      })
    },
  }
}
