import { workspacePath as WS, type Route } from '../route.ts'
import { PageQuery, pageOf } from '../resources/common.ts'
import * as profiles from '../resources/profiles.ts'

/** Profiles. */
export const profilesRoutes = {
  'profiles.list': {
    method: 'GET',
    path: `${WS}/profiles`,
    auth: 'profile.read',
    summary: 'Profiles',
    query: PageQuery,
    response: pageOf(profiles.Profile),
  },
  'profiles.create': {
    method: 'POST',
    path: `${WS}/profiles`,
    auth: 'profile.write',
    summary: 'Create a profile',
    body: profiles.ProfileCreate,
    response: profiles.Profile,
    status: 201,
  },
  'profiles.read': {
    method: 'GET',
    path: `${WS}/profiles/{profile}`,
    auth: 'profile.read',
    summary: 'One profile, and the names in it that clash',
    response: profiles.Profile,
  },
  'profiles.change': {
    method: 'PATCH',
    path: `${WS}/profiles/{profile}`,
    auth: 'profile.write',
    summary: 'Change what a profile holds',
    body: profiles.ProfileChange,
    response: profiles.Profile,
  },
  'profiles.remove': {
    method: 'DELETE',
    path: `${WS}/profiles/{profile}`,
    auth: 'profile.write',
    summary: 'Remove a profile; no other one ever gets its name',
    status: 204,
  },
} as const satisfies Record<string, Route>
