import { workspacePath as WS, type Route } from '../route.ts'
import { PageQuery, pageOf } from '../resources/common.ts'
import * as secrets from '../resources/secrets.ts'

/** Secrets: written, never read. */
export const secretsRoutes = {
  'secrets.list': {
    method: 'GET',
    path: `${WS}/secrets`,
    auth: 'secret.read',
    summary: 'Secrets, without their values',
    query: PageQuery,
    response: pageOf(secrets.Secret),
  },
  'secrets.create': {
    method: 'POST',
    path: `${WS}/secrets`,
    auth: 'secret.write',
    summary: 'Create a secret',
    body: secrets.SecretCreate,
    response: secrets.Secret,
    status: 201,
  },
  'secrets.put': {
    method: 'POST',
    path: `${WS}/secrets/{secret}/versions`,
    auth: 'secret.write',
    summary: 'Put a new value',
    body: secrets.SecretPut,
    response: secrets.Secret,
    status: 201,
  },
  'secrets.promote': {
    method: 'POST',
    path: `${WS}/secrets/{secret}/promote`,
    auth: 'secret.write',
    summary: 'Make a version the current one',
    body: secrets.SecretPromote,
    response: secrets.Secret,
  },
  'secrets.bind': {
    method: 'POST',
    path: `${WS}/secrets/{secret}/bindings`,
    auth: 'secret.write',
    summary: 'Allow a destination; needs the value again',
    body: secrets.SecretBind,
    response: secrets.Secret,
    status: 201,
  },
  'secrets.unbind': {
    method: 'DELETE',
    path: `${WS}/secrets/{secret}/bindings/{binding}`,
    auth: 'secret.write',
    summary: 'Take a destination away',
    status: 204,
  },
  'secrets.destroy': {
    method: 'DELETE',
    path: `${WS}/secrets/{secret}`,
    auth: 'secret.write',
    summary: 'Destroy a secret and all its versions',
    status: 204,
  },
} as const satisfies Record<string, Route>
