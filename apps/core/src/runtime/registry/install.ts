import { CoreError } from '../../ground/errors.ts'
import type { NewId } from '../../ground/ids.ts'
import type { ConnectClearance } from '../../model/clearance.ts'
import type { Person } from '../../model/principal.ts'
import type { ServerDefinition } from '../../model/server.ts'
import type { Store } from '../../store/store.ts'
import {
  openDefinition,
  sealDefinition,
  type DefinitionInput,
  type SealedDefinition,
} from './definition.ts'
import type { Draft } from './draft.ts'
import type { Executables } from '../launch/executable.ts'
import { assertHolds } from './permission.ts'
import type { InstalledServer, Registry } from './registry.ts'

export type ServerState = 'enabled' | 'disabled' | 'removed'

/** What administrators do to servers. Each act is recorded with the exact definition it is about (SEC-60). */
export type Installer = Readonly<{
  /** @throws CoreError `forbidden`, `definition_invalid`, `already_exists` */
  install: (person: Person, input: DefinitionInput, enabled: boolean) => Promise<ServerDefinition>
  /** A new version, unless nothing differs; the slug stays. @throws CoreError as `install`, `not_found`, `conflict` */
  update: (person: Person, serverId: string, input: DefinitionInput) => Promise<ServerDefinition>
  /** @throws CoreError `forbidden`, `not_found`, `conflict` */
  setState: (person: Person, serverId: string, state: ServerState) => Promise<void>
}>

export type InstallerParts = Readonly<{
  store: Pick<Store, 'command'>
  registry: Pick<Registry, 'load'>
  executables: Pick<Executables, 'resolve'>
  newId: NewId
  draft: Draft
}>

export function createInstaller(parts: InstallerParts): Installer {
  const { store, registry, executables, newId, draft } = parts

  return {
    async install(person, input, enabled) {
      assertHolds(person, 'server.write')
      const sealed = await sealDefinition(input, executables)
      const serverId = newId('srv')
      const event = draft(definitionEvent('server.installed', person, serverId, sealed))
      await store.command(
        'server.install',
        { ...stored(person, serverId, sealed, event.id), slug: sealed.slug, enabled },
        [event],
      )
      await registry.load(person.workspaceId)
      const opened = { id: serverId, workspaceId: person.workspaceId, version: 1, enabled }
      return openDefinition({ ...opened, ...sealed })
    },

    async update(person, serverId, input) {
      assertHolds(person, 'server.write')
      const { definition, revision } = await find(registry, person.workspaceId, serverId)
      const sealed = await sealDefinition(input, executables)
      if (sealed.slug !== definition.slug) {
        throw new CoreError('definition_invalid', {
          problem: 'The slug of a server never changes.',
        })
      }
      if (sealed.hash === definition.hash) return definition
      const version = definition.version + 1
      const event = draft(definitionEvent('server.changed', person, serverId, sealed))
      await store.command(
        'server.update',
        { ...stored(person, serverId, sealed, event.id), revision, version },
        [event],
      )
      await registry.load(person.workspaceId)
      return openDefinition({ ...definition, ...sealed, version })
    },

    async setState(person, serverId, state) {
      assertHolds(person, 'server.write')
      const { workspaceId, userId: actorId } = person
      const { definition, revision } = await find(registry, workspaceId, serverId)
      const { slug, hash } = definition
      const type = state === 'removed' ? 'server.removed' : 'server.changed'
      const fields = { server: { id: serverId, alias: slug, hash }, state }
      const event = draft({ type, workspaceId, actorId, target: slug, fields })
      await store.command('server.setState', { workspaceId, serverId, revision, state }, [event])
      await registry.load(workspaceId)
    },
  }
}

/**
 * The only place where the right to connect is made: from the act that recorded the definition in use, whether it was
 * done just now or before a restart.
 */
export function connectClearance({ definition, eventId }: InstalledServer): ConnectClearance {
  const { workspaceId } = definition
  const clearance = { purpose: 'connect', workspaceId, server: definition, eventId }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the brand has no value to construct
  return clearance as ConnectClearance
}

/** @throws CoreError `not_found` */
export async function find(
  registry: Pick<Registry, 'load'>,
  workspaceId: string,
  serverId: string,
): Promise<InstalledServer> {
  const { servers } = await registry.load(workspaceId)
  const found = servers.get(serverId)
  if (!found) throw new CoreError('not_found')
  return found
}

// oxlint-disable-next-line max-params -- private, and each is another thing
const stored = (
  person: Person,
  serverId: string,
  { hash, body }: SealedDefinition,
  eventId: string,
) => ({
  workspaceId: person.workspaceId,
  serverId,
  hash,
  body,
  eventId,
  createdBy: person.userId,
})

// oxlint-disable-next-line max-params -- private, and each is another thing
const definitionEvent = (
  type: 'server.installed' | 'server.changed',
  person: Person,
  serverId: string,
  { slug, hash, body }: SealedDefinition,
): Parameters<Draft>[0] => ({
  type,
  workspaceId: person.workspaceId,
  actorId: person.userId,
  target: slug,
  fields: { server: { id: serverId, alias: slug, hash }, definition: JSON.parse(body) },
})
