export { auditEvents, isAuditEventType, type AuditEventType } from './audit-events.ts'
export { holds, permissions, roles, type Permission, type Role } from './permissions.ts'
export { problems, type ProblemCode } from './problems.ts'
export { Problem } from './resources/common.ts'
export { GroupName } from './resources/identity.ts'
export { isRouteName, routes, type RouteName } from './routes.ts'
export {
  approvalStates,
  auditOutcomes,
  reviewedKinds,
  type ApprovalState,
  type AuditOutcome,
  type ReviewedKind,
} from './words.ts'
export type { PathParams, Route, RouteAuth } from './route.ts'
export type { RouteBody, RouteParams, RouteQuery, RouteResponse, RouteOf } from './route-types.ts'
