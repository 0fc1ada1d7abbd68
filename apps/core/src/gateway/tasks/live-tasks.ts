import { limits } from '../../ground/limits.ts'
import type { Log } from '../../ground/log.ts'
import type { Timers } from '../../ground/timers.ts'
import type { Task } from '../../model/task.ts'
import type { UnderWay } from '../calls/still-allowed.ts'
import type { TaskEnd } from './task-outcome.ts'
import type { TaskRecords } from './task-records.ts'
import type { TaskRun } from './task-run.ts'

/** A task whose call runs here. */
export type LiveTask = UnderWay & Pick<TaskRun, 'questions' | 'answer' | 'giveUp'>

export type LiveTasks = Readonly<{
  /** Keeps what it comes to, which is nothing when it is to go on at the next start. */
  follow: (task: Task, live: LiveTask, end: Promise<TaskEnd | undefined>) => void
  /** Undefined for a task that ended, or runs in another process. */
  find: (id: string) => LiveTask | undefined
  /** Keeps the first end that there is. */
  end: (task: Task, end: TaskEnd) => Promise<void>
  /** Aborts when nobody is to wait for people any more. */
  stopping: AbortSignal
  /** Lets calls end that run, for a while; those that wait for people are gone on with at the next start. */
  stop: () => Promise<void>
}>

export type LiveTaskParts = Readonly<{
  records: Pick<TaskRecords, 'end'>
  timers: Pick<Timers, 'after'>
  /** A task is not what its client last saw. */
  changed: (task: Task) => void
  log: Pick<Log, 'error'>
}>

const RETRY_MS = 5000

export function createLiveTasks({ records, timers, changed, log }: LiveTaskParts): LiveTasks {
  const live = new Map<string, Readonly<{ task: LiveTask; done: Promise<unknown> }>>()
  const stopping = new AbortController()

  /** An end that cannot be written is tried again: nobody else knows it. */
  async function keep(task: Task, end: TaskEnd): Promise<void> {
    for (;;) {
      try {
        if (await records.end(task, end)) changed(task)
        return
      } catch (error) {
        log.error({ err: error }, 'what a task came to could not be kept')
        if (stopping.signal.aborted) return
        await passed(timers, RETRY_MS)
      }
    }
  }

  return {
    follow(task, run, ended) {
      const done = ended.then((end) => end && keep(task, end)).finally(() => live.delete(task.id))
      live.set(task.id, { task: run, done })
    },
    find: (id) => live.get(id)?.task,
    end: keep,
    stopping: stopping.signal,
    async stop() {
      stopping.abort()
      const all = Promise.all([...live.values()].map(({ done }) => done))
      await Promise.race([all, passed(timers, limits.shutdownMs)])
      for (const { task } of live.values()) task.giveUp('Peta stops')
    },
  }
}

function passed(timers: Pick<Timers, 'after'>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  timers.after(ms, resolve)
  return promise
}
