import { createDraft, type Draft } from './audit/event.ts'
import type { Config } from './config/config.ts'
import { systemClock, type Clock } from './ground/clock.ts'
import { createIds, type NewId } from './ground/ids.ts'
import { createLog, type Log } from './ground/log.ts'
import { systemTimers, type Timers } from './ground/timers.ts'

/** What nearly every part of Core is given. Tests replace the clock and the ids by name. */
export type Ground = Readonly<{
  clock: Clock
  newId: NewId
  log: Log
  timers: Timers
  draft: Draft
  version: string
}>

export type Overrides = Partial<Pick<Ground, 'clock' | 'newId' | 'log' | 'timers'>>

const VERSION = '0.1.0'

export function createGround({ logLevel }: Config, overrides: Overrides): Ground {
  const clock = overrides.clock ?? systemClock
  const newId = overrides.newId ?? createIds(clock)
  return {
    clock,
    newId,
    log: overrides.log ?? createLog(logLevel),
    timers: overrides.timers ?? systemTimers,
    draft: createDraft({ clock, newId }),
    version: VERSION,
  }
}
