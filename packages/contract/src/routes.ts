import { approvalsRoutes } from './routes/approvals.ts'
import { auditRoutes } from './routes/audit.ts'
import { peopleRoutes } from './routes/people.ts'
import { policyRoutes } from './routes/policy.ts'
import { profilesRoutes } from './routes/profiles.ts'
import { secretsRoutes } from './routes/secrets.ts'
import { serversRoutes } from './routes/servers.ts'
import { sessionRoutes } from './routes/session.ts'
import type { Route } from './route.ts'

/**
 * The whole admin API: Core mounts it, the SDK calls it, OpenAPI and the authorization tests are made from it. A route
 * that is not here does not exist.
 */
export const routes = {
  ...sessionRoutes,
  ...peopleRoutes,
  ...serversRoutes,
  ...profilesRoutes,
  ...secretsRoutes,
  ...policyRoutes,
  ...approvalsRoutes,
  ...auditRoutes,
} as const satisfies Record<string, Route>

export type RouteName = keyof typeof routes

export const isRouteName = (name: string): name is RouteName => Object.hasOwn(routes, name)
