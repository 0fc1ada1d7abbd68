import { workspacePath as WS, type Route } from '../route.ts'
import { Empty, pageOf } from '../resources/common.ts'
import * as approvals from '../resources/approvals.ts'

/** Approvals. */
export const approvalsRoutes = {
  'approvals.list': {
    method: 'GET',
    path: `${WS}/approvals`,
    auth: 'approval.read',
    summary: 'Approvals I may see',
    query: approvals.ApprovalListQuery,
    response: pageOf(approvals.ApprovalSummary),
  },
  'approvals.read': {
    method: 'GET',
    path: `${WS}/approvals/{approval}`,
    auth: 'approval.read',
    summary: 'One approval, with everything that will run',
    response: approvals.Approval,
  },
  'approvals.vote': {
    method: 'POST',
    path: `${WS}/approvals/{approval}/votes`,
    auth: 'approval.decide',
    summary: 'Vote for or against exactly what was shown',
    body: approvals.VoteRequest,
    response: approvals.Approval,
  },
  'approvals.revoke': {
    method: 'POST',
    path: `${WS}/approvals/{approval}/revoke`,
    auth: 'approval.decide',
    summary: 'Take an approval back before it runs',
    body: approvals.RevokeRequest,
    response: approvals.Approval,
  },
  'approvals.withdraw': {
    method: 'POST',
    path: `${WS}/approvals/{approval}/withdraw`,
    auth: 'approval.read',
    summary: 'Withdraw my own request',
    body: Empty,
    response: approvals.Approval,
  },
  'approvals.resolve': {
    method: 'POST',
    path: `${WS}/approvals/{approval}/resolve`,
    auth: 'approval.resolve',
    summary: 'State what became of an unknown outcome',
    body: approvals.ResolveRequest,
    response: approvals.Approval,
  },
} as const satisfies Record<string, Route>
