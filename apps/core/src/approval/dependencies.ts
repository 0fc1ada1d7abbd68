import type { AuditEventType } from '@peta/contract'

import type { Log } from '../ground/log.ts'
import type { NewId } from '../ground/ids.ts'
import type { AuditDraft, AuditOutcome } from '../model/audit-event.ts'
import type { Call } from '../model/call.ts'
import type { Decision } from '../model/decision.ts'
import type { Person, Principal } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import type { Target } from './binding.ts'
import type { Voter } from './eligibility.ts'

/** Where a value is kept, so that it opens nowhere else. */
export type Place = Readonly<{ workspaceId: string; table: string; rowId: string; column: string }>

/** Encrypts for one place, and opens what was encrypted for it. */
export type Box = Readonly<{
  sealData: (place: Place, bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>
  openData: (place: Place, blob: Uint8Array) => Uint8Array | Promise<Uint8Array>
}>

export type Draft = (
  event: Readonly<{
    type: AuditEventType
    workspaceId: string
    outcome?: AuditOutcome
    actorId?: string
    target?: string
    fields?: Readonly<Record<string, unknown>>
  }>,
) => AuditDraft

/** Who is in a workspace now. Asked at every vote and every claim, never kept (APR-17). */
export type Directory = Readonly<{
  /** Everyone who is active. */
  people: (workspaceId: string) => readonly Voter[] | Promise<readonly Voter[]>
  /** Agent, owner and credential are all still good. */
  isActive: (principal: Principal) => boolean | Promise<boolean>
}>

export type Timers = Readonly<{
  after: (delayMs: number, run: () => void) => Disposable
  every: (periodMs: number, run: () => void) => Disposable
}>

/** What approvals need from the rest of Core. */
export type ApprovalDependencies = Box &
  Readonly<{
    store: Pick<Store, 'query' | 'command' | 'housekeep' | 'append' | 'hints'>
    newId: NewId
    draft: Draft
    /** Key of the workspace that finds the same intent again. */
    callKeyOf: (workspaceId: string) => Uint8Array | Promise<Uint8Array>
    directory: Directory
    /** What the rules say now. */
    redecide: (principal: Principal, call: Call) => Decision
    /** What the call would meet if it ran now; nothing when its server or tool is out of use. */
    targetOf: (call: Call) => Target | undefined | Promise<Target | undefined>
    /** Whether a person has proved, as lately as the tier asks, that they are there (APR-21). */
    hasSteppedUp: (person: Person, tier: 'presence' | 'passkey') => boolean | Promise<boolean>
    timers: Timers
    log: Pick<Log, 'warn' | 'error'>
  }>
