export { auditEvents, type AuditEventType } from './audit-events.ts'
export { problems, type ProblemCode } from './problems.ts'
