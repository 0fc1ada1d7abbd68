import { CoreError } from '../ground/errors.ts'
import type { ServerDefinition } from '../model/server.ts'
import type { ServerOf } from './change.ts'

/** @throws CoreError `not_found` */
export function serverAt(
  { serverOf }: Readonly<{ serverOf: ServerOf }>,
  workspaceId: string,
  serverId: string,
): ServerDefinition {
  const server = serverOf(workspaceId, serverId)
  if (!server || server.workspaceId !== workspaceId) throw new CoreError('not_found')
  return server
}
