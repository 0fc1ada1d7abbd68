import { workspacePath as WS, type Route } from '../route.ts'
import { PageQuery, pageOf } from '../resources/common.ts'
import * as policy from '../resources/policy.ts'

/** Policy. */
export const policyRoutes = {
  'policy.active': {
    method: 'GET',
    path: `${WS}/policy`,
    auth: 'policy.read',
    summary: 'The active version, with its source',
    response: policy.PolicyVersionFull,
  },
  'policy.check': {
    method: 'POST',
    path: `${WS}/policy/check`,
    auth: 'policy.read',
    summary: 'Check rules without publishing them',
    body: policy.PolicyCheck,
    response: policy.PolicyReport,
  },
  'policy.publish': {
    method: 'POST',
    path: `${WS}/policy/versions`,
    auth: 'policy.write',
    summary: 'Publish rules as the next version',
    body: policy.PolicyPublish,
    response: policy.PolicyVersionFull,
    status: 201,
  },
  'policy.versions': {
    method: 'GET',
    path: `${WS}/policy/versions`,
    auth: 'policy.read',
    summary: 'Versions, newest first',
    query: PageQuery,
    response: pageOf(policy.PolicyVersion),
  },
  'policy.read': {
    method: 'GET',
    path: `${WS}/policy/versions/{version}`,
    auth: 'policy.read',
    summary: 'One version',
    response: policy.PolicyVersionFull,
  },
  'policy.diff': {
    method: 'GET',
    path: `${WS}/policy/versions/{version}/diff/{other}`,
    auth: 'policy.read',
    summary: 'What differs, by rule and field',
    response: policy.PolicyDiff,
  },
  'policy.rollback': {
    method: 'POST',
    path: `${WS}/policy/versions/{version}/rollback`,
    auth: 'policy.write',
    summary: 'Publish the content of an old version',
    body: policy.PolicyRollback,
    response: policy.PolicyVersionFull,
    status: 201,
  },
  'policy.explain': {
    method: 'POST',
    path: `${WS}/policy/explain`,
    auth: 'policy.read',
    summary: 'What the rules say to a call, and why',
    body: policy.ExplainRequest,
    response: policy.Explanation,
  },
} as const satisfies Record<string, Route>
