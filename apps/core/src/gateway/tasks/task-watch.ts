import type { Task } from '../../model/task.ts'

/** Tells who listens for a task that it is not what it was (MCP-134). */
export type TaskWatch = Readonly<{
  changed: (task: Pick<Task, 'id'>) => void
  /** Calls back at each change of one of these. */
  on: (ids: readonly string[], changed: (id: string) => void) => Disposable
}>

export function createTaskWatch(): TaskWatch {
  const watchers = new Map<string, Set<(id: string) => void>>()

  return {
    changed({ id }) {
      for (const tell of watchers.get(id) ?? []) tell(id)
    },
    on(ids, changed) {
      for (const id of ids) watchers.set(id, (watchers.get(id) ?? new Set()).add(changed))
      return {
        [Symbol.dispose]() {
          for (const id of ids) {
            const own = watchers.get(id)
            own?.delete(changed)
            if (own?.size === 0) watchers.delete(id)
          }
        },
      }
    },
  }
}
