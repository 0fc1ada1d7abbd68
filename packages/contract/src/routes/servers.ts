import { workspacePath as WS, type Route } from '../route.ts'
import { Empty, PageQuery, pageOf } from '../resources/common.ts'
import * as servers from '../resources/servers.ts'

/** Servers. */
export const serversRoutes = {
  'servers.list': {
    method: 'GET',
    path: `${WS}/servers`,
    auth: 'server.read',
    summary: 'Servers',
    query: PageQuery,
    response: pageOf(servers.Server),
  },
  'servers.install': {
    method: 'POST',
    path: `${WS}/servers`,
    auth: 'server.write',
    summary: 'Install a server and read its catalogue',
    body: servers.ServerInstall,
    response: servers.Server,
    status: 201,
  },
  'servers.read': {
    method: 'GET',
    path: `${WS}/servers/{server}`,
    auth: 'server.read',
    summary: 'One server',
    response: servers.Server,
  },
  'servers.change': {
    method: 'PATCH',
    path: `${WS}/servers/{server}`,
    auth: 'server.write',
    summary: 'Enable or disable a server, or change what is started',
    body: servers.ServerChange,
    response: servers.Server,
  },
  'servers.remove': {
    method: 'DELETE',
    path: `${WS}/servers/{server}`,
    auth: 'server.write',
    summary: 'Remove a server',
    status: 204,
  },
  'servers.refresh': {
    method: 'POST',
    path: `${WS}/servers/{server}/refresh`,
    auth: 'server.write',
    summary: 'Read the catalogue again',
    body: Empty,
    response: servers.Server,
  },
  'servers.logs': {
    method: 'GET',
    path: `${WS}/servers/{server}/logs`,
    auth: 'server.read',
    summary: 'Recent error output of a server, scrubbed',
    response: servers.LogLines,
  },
  'items.list': {
    method: 'GET',
    path: `${WS}/servers/{server}/items`,
    auth: 'server.read',
    summary: 'What a server offers, with states and labels',
    query: PageQuery,
    response: pageOf(servers.CatalogueItem),
  },
  'items.accept': {
    method: 'POST',
    path: `${WS}/servers/{server}/items/accept`,
    auth: 'server.write',
    summary: 'Accept entries, with the labels that count',
    body: servers.ItemsAccept,
    response: servers.ItemsChanged,
  },
  'items.reject': {
    method: 'POST',
    path: `${WS}/servers/{server}/items/reject`,
    auth: 'server.write',
    summary: 'Reject entries',
    body: servers.ItemsReject,
    response: servers.ItemsChanged,
  },
} as const satisfies Record<string, Route>
