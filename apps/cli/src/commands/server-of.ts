import type { RouteResponse } from '@peta/contract'
import { everyPage } from '@peta/sdk'

import { CliError } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { oneLine } from '../print.ts'

export type Server = RouteResponse<'servers.read'>

export const listServers = ({ peta, workspace }: Context): Promise<readonly Server[]> =>
  everyPage((query) => peta.call('servers.list', { params: { workspace }, query }))

/** People say slugs; the API takes ids. @throws CliError */
export async function serverId(context: Context, slug: string): Promise<string> {
  const servers = await listServers(context)
  const found = servers.find((server) => server.slug === slug || server.id === slug)
  if (found) return found.id
  throw new CliError(`There is no server "${oneLine(slug)}". List them with: peta server list`)
}

export const serverParams = async (context: Context, slug: string) => ({
  workspace: context.workspace,
  server: await serverId(context, slug),
})
