import { workspacePath as WS, type Route } from '../route.ts'
import { Empty, pageOf } from '../resources/common.ts'
import * as audit from '../resources/audit.ts'

/** Audit and events. */
export const auditRoutes = {
  'audit.list': {
    method: 'GET',
    path: `${WS}/audit`,
    auth: 'audit.read',
    summary: 'Search the audit log',
    query: audit.AuditQuery,
    response: pageOf(audit.AuditEntry),
  },
  'audit.export': {
    method: 'POST',
    path: `${WS}/audit/export`,
    auth: 'audit.export',
    summary: 'Export the log for offline verification',
    body: Empty,
    stream: 'application/x-ndjson',
  },
  'events.stream': {
    method: 'GET',
    path: `${WS}/events`,
    auth: 'event.read',
    summary: 'What happens, as server-sent events',
    stream: 'text/event-stream',
  },
} as const satisfies Record<string, Route>
