import { workspacePath as WS, type Route } from '../route.ts'
import { PageQuery, pageOf } from '../resources/common.ts'
import * as identity from '../resources/identity.ts'

/** People and agents. */
export const peopleRoutes = {
  'users.list': {
    method: 'GET',
    path: `${WS}/users`,
    auth: 'directory.read',
    summary: 'People of the workspace',
    query: PageQuery,
    response: pageOf(identity.User),
  },
  'groups.list': {
    method: 'GET',
    path: `${WS}/groups`,
    auth: 'directory.read',
    summary: 'Groups and their members',
    query: PageQuery,
    response: pageOf(identity.Group),
  },
  'groups.put': {
    method: 'PUT',
    path: `${WS}/groups/{group}`,
    auth: 'directory.write',
    summary: 'Set the members of a group',
    body: identity.GroupPut,
    response: identity.Group,
  },
  'agents.list': {
    method: 'GET',
    path: `${WS}/agents`,
    auth: 'agent.read',
    summary: 'Agents',
    query: PageQuery,
    response: pageOf(identity.Agent),
  },
  'agents.create': {
    method: 'POST',
    path: `${WS}/agents`,
    auth: 'agent.write',
    summary: 'Create an agent',
    body: identity.AgentCreate,
    response: identity.Agent,
    status: 201,
  },
  'agents.change': {
    method: 'PATCH',
    path: `${WS}/agents/{agent}`,
    auth: 'agent.write',
    summary: 'Suspend, reinstate or relabel an agent',
    body: identity.AgentChange,
    response: identity.Agent,
  },
  'tokens.list': {
    method: 'GET',
    path: `${WS}/agents/{agent}/tokens`,
    auth: 'agent.read',
    summary: 'Tokens of an agent, without their secrets',
    query: PageQuery,
    response: pageOf(identity.AgentToken),
  },
  'tokens.issue': {
    method: 'POST',
    path: `${WS}/agents/{agent}/tokens`,
    auth: 'agent.write',
    summary: 'Issue a token; it is shown once',
    body: identity.TokenIssue,
    response: identity.TokenCreated,
    status: 201,
  },
  'tokens.rotate': {
    method: 'POST',
    path: `${WS}/agents/{agent}/tokens/{token}/rotate`,
    auth: 'agent.write',
    summary: 'Replace a token by a new one',
    body: identity.TokenRotate,
    response: identity.TokenCreated,
    status: 201,
  },
  'tokens.revoke': {
    method: 'DELETE',
    path: `${WS}/agents/{agent}/tokens/{token}`,
    auth: 'agent.write',
    summary: 'Revoke a token at once',
    status: 204,
  },
} as const satisfies Record<string, Route>
