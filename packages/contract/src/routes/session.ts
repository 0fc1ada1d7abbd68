import { workspacePath as WS, type Route } from '../route.ts'
import { Empty } from '../resources/common.ts'
import * as audit from '../resources/audit.ts'
import * as identity from '../resources/identity.ts'

/** Setting up and signing in. */
export const sessionRoutes = {
  'setup.complete': {
    method: 'POST',
    path: '/api/v1/setup',
    auth: 'none',
    summary: 'Make the workspace and its owner with the set-up link',
    body: identity.SetupRequest,
    response: identity.SessionCreated,
    status: 201,
  },
  'links.create': {
    method: 'POST',
    path: '/api/v1/links',
    auth: 'host',
    summary: 'Make a one-time link for whoever has access to the host',
    body: Empty,
    response: identity.OneTimeLink,
    status: 201,
  },
  'sessions.create': {
    method: 'POST',
    path: '/api/v1/sessions',
    auth: 'none',
    summary: 'Sign in with a one-time link',
    body: identity.LinkRequest,
    response: identity.SessionCreated,
    status: 201,
  },
  'sessions.end': {
    method: 'DELETE',
    path: '/api/v1/sessions/current',
    auth: 'self.read',
    summary: 'Sign out',
    status: 204,
  },
  'me.read': {
    method: 'GET',
    path: '/api/v1/me',
    auth: 'self.read',
    summary: 'Who I am',
    response: identity.Me,
  },
  'status.read': {
    method: 'GET',
    path: `${WS}/status`,
    auth: 'self.read',
    summary: 'State of this deployment',
    response: audit.Status,
  },
} as const satisfies Record<string, Route>
