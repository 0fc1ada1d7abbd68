import type { RouteResponse } from '@peta/contract'

import { CoreError } from '../ground/errors.ts'
import type { CatalogueSnapshot } from '../model/catalogue.ts'
import type { Profile } from '../model/profile.ts'
import { narrow } from '../profile/narrow.ts'
import type { Profiles } from '../profile/profiles.ts'
import type { AdminCommands } from './command.ts'
import { pageOf } from './page.ts'

export type ProfileParts = Readonly<{
  profiles: Pick<Profiles, 'list' | 'find' | 'create' | 'change' | 'remove'>
  catalogue: (workspaceId: string) => CatalogueSnapshot
  publicUrl: () => string
}>

type Names =
  | 'profiles.list'
  | 'profiles.create'
  | 'profiles.read'
  | 'profiles.change'
  | 'profiles.remove'

/** Profiles: which part of the workspace an endpoint of its own shows. */
export function profileCommands(parts: ProfileParts): Pick<AdminCommands, Names> {
  const { profiles } = parts
  return {
    async 'profiles.list'({ person, query }) {
      const all = profiles.list(person.workspaceId)
      const { items, next } = pageOf(all, (profile) => profile.name, query)
      return { items: items.map((profile) => viewOf(parts, profile)), ...(next && { next }) }
    },

    async 'profiles.create'({ person, body }) {
      const { name, title = name, unprefixed, instructions, callsMax, ...chosen } = body
      const input = {
        ...chosen,
        title,
        ...(unprefixed !== undefined && { unprefixed }),
        ...(instructions !== undefined && { instructions }),
        ...(callsMax !== undefined && { callsMax }),
      }
      return viewOf(parts, await profiles.create(person, name, input))
    },

    async 'profiles.read'({ person, params }) {
      const found = profiles.find(person.workspaceId, params.profile)
      if (!found) throw new CoreError('not_found')
      return viewOf(parts, found)
    },

    async 'profiles.change'({ person, params, body }) {
      return viewOf(parts, await profiles.change(person, params.profile, body))
    },

    async 'profiles.remove'({ person, params }) {
      await profiles.remove(person, params.profile)
      return undefined
    },
  }
}

function viewOf(
  { catalogue, publicUrl }: ProfileParts,
  profile: Profile,
): RouteResponse<'profiles.read'> {
  const { workspaceId, revision: _revision, servers, tools, ...chosen } = profile
  return {
    ...chosen,
    url: `${publicUrl()}/mcp/${profile.name}`,
    servers: servers === 'all' ? servers : [...servers],
    tools: tools === 'all' ? tools : [...tools],
    favourites: [...chosen.favourites],
    overrides: chosen.overrides.map((override) => ({
      ...override,
      pinned: { ...override.pinned },
    })),
    clashes: narrow(catalogue(workspaceId), profile).clashes.map((clash) => ({ ...clash })),
  }
}
