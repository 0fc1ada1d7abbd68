import type { AuditEventType } from '@peta/contract'

import { CoreError } from '../ground/errors.ts'
import type { Log } from '../ground/log.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { Person } from '../model/principal.ts'
import type { Profile } from '../model/profile.ts'
import type { Store } from '../store/store.ts'
import { changedBody, openBody, type ProfileBody, type ProfileChange } from './body.ts'

/** Profiles of every workspace, in memory and whole, so that a request looks one up without waiting. */
export type Profiles = AsyncDisposable &
  Readonly<{
    list: (workspaceId: string) => readonly Profile[]
    find: (workspaceId: string, name: string) => Profile | undefined
    /** Whether any workspace has one of this name: all that can be said before it is known who asks. */
    isKnown: (name: string, isSse?: boolean) => boolean
    /** @throws CoreError `already_exists` when the name was ever used, `invalid_request` */
    create: (person: Person, name: string, input: ProfileBody) => Promise<Profile>
    /** @throws CoreError `not_found`, `conflict`, `invalid_request` */
    change: (person: Person, name: string, input: ProfileChange) => Promise<Profile>
    /** Takes effect before it resolves. @throws CoreError `not_found`, `conflict` */
    remove: (person: Person, name: string) => Promise<void>
  }>

export type ProfilesParts = Readonly<{
  store: Pick<Store, 'query' | 'command' | 'hints'>
  draft: DraftEvent
  /** Slugs of the installed servers. */
  servers: (workspaceId: string) => readonly string[]
  log: Pick<Log, 'warn'>
}>

type DraftEvent = (
  event: Readonly<{
    type: AuditEventType
    workspaceId: string
    actorId: string
    target: string
    fields?: Readonly<Record<string, unknown>>
  }>,
) => AuditDraft

/** Resolves once every profile is known. Looks again at each hint, and at least each second. */
export async function openProfiles(parts: ProfilesParts): Promise<Profiles> {
  const { store, log } = parts
  let held: readonly Profile[] = []

  async function look(): Promise<void> {
    held = (await store.query('profile.actives', {})).map(profileOf)
  }

  let looking: Promise<void> = Promise.resolve()
  /** One look at a time, so that an older answer never replaces a newer one. */
  function reload(): Promise<void> {
    looking = looking.then(look, look)
    return looking
  }

  const find = (workspaceId: string, name: string): Profile | undefined =>
    held.find((profile) => profile.workspaceId === workspaceId && profile.name === name)

  await reload()
  const hints = store.hints.on('profile', () => {
    reload().catch((error: unknown) => log.warn({ err: error }, 'profiles not confirmed'))
  })

  return {
    list: (workspaceId) => held.filter((profile) => profile.workspaceId === workspaceId),
    find,
    isKnown: (name, isSse = false) =>
      held.some((profile) => profile.name === name && (!isSse || profile.sse)),

    ...createChanges(parts, { find, reload }),
    async [Symbol.asyncDispose]() {
      hints[Symbol.dispose]()
      await looking.catch(() => undefined)
    },
  }
}

type Held = Pick<Profiles, 'find'> & Readonly<{ reload: () => Promise<void> }>

function createChanges(
  { store, draft, servers }: ProfilesParts,
  { find, reload }: Held,
): Pick<Profiles, 'create' | 'change' | 'remove'> {
  function found({ workspaceId }: Person, name: string): Profile {
    const profile = find(workspaceId, name)
    if (!profile) throw new CoreError('not_found')
    return profile
  }

  return {
    async create(person, name, body) {
      const { workspaceId } = person
      assertFits(body, servers(workspaceId))
      const event = draft({ type: 'profile.created', ...actOf(person, name), ...holding(body) })
      const args = { workspaceId, name, body: JSON.stringify(body) }
      await store.command('profile.create', args, [event])
      await reload()
      return found(person, name)
    },

    async change(person, name, change) {
      const { workspaceId } = person
      const current = found(person, name)
      const body = changedBody(bodyOf(current), change)
      assertFits(body, [...servers(workspaceId), ...mentionedIn(current)])
      const event = draft({ type: 'profile.changed', ...actOf(person, name), ...holding(body) })
      const { revision } = current
      const args = { workspaceId, name, revision, body: JSON.stringify(body) }
      await store.command('profile.change', args, [event])
      await reload()
      return found(person, name)
    },

    async remove(person, name) {
      const { workspaceId } = person
      const { revision } = found(person, name)
      const event = draft({ type: 'profile.removed', ...actOf(person, name) })
      await store.command('profile.remove', { workspaceId, name, revision }, [event])
      await reload()
    },
  }
}

type ProfileRow = Readonly<{ workspace_id: string; name: string; body: string; revision: number }>

function profileOf({ workspace_id: workspaceId, name, body, revision }: ProfileRow): Profile {
  return { workspaceId, name, revision, ...openBody(body) }
}

function bodyOf({ workspaceId: _workspaceId, name: _name, revision: _revision, ...body }: Profile) {
  return body
}

/** A misspelt name would hide a server without a word. @throws CoreError `invalid_request` */
function assertFits(
  { servers, tools, favourites, overrides, unprefixed }: ProfileBody,
  installed: readonly string[],
): void {
  const chosen = servers === 'all' ? installed : servers
  const isHeld = (pattern: string): boolean => chosen.includes(serverIn(pattern))
  if (chosen.some((slug) => !installed.includes(slug))) {
    throw invalid('servers: name servers that are installed.')
  }
  if (tools !== 'all' && !tools.every(isHeld)) {
    throw invalid('tools: name tools of servers that the profile has.')
  }
  if (!favourites.every(isHeld)) {
    throw invalid('favourites: name tools of servers that the profile has.')
  }
  const overridden = overrides.map(({ tool }) => tool)
  if (!overridden.every(isHeld) || new Set(overridden).size < overridden.length) {
    throw invalid('overrides: name tools of servers that the profile has, each once.')
  }
  if (unprefixed !== undefined && !chosen.includes(unprefixed)) {
    throw invalid('unprefixed: name a server that the profile has.')
  }
}

/** What a profile has already may stay when the server is gone: no other one ever gets its slug. */
const mentionedIn = (profile: Profile): readonly string[] => {
  const { servers, tools, favourites, overrides, unprefixed } = profile
  return [
    ...(servers === 'all' ? [] : servers),
    ...(tools === 'all' ? [] : tools.map(serverIn)),
    ...favourites.map(serverIn),
    ...overrides.map(({ tool }) => serverIn(tool)),
    ...(unprefixed === undefined ? [] : [unprefixed]),
  ]
}

const serverIn = (pattern: string): string => pattern.slice(0, pattern.indexOf('/'))

const invalid = (problem: string): CoreError => new CoreError('invalid_request', { problem })

const actOf = ({ workspaceId, userId }: Person, name: string) => ({
  workspaceId,
  actorId: userId,
  target: name,
})

const holding = (profile: ProfileBody) => ({ fields: { profile } })
