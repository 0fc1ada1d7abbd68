import type { RouteResponse } from '@peta/contract'
import { everyPage } from '@peta/sdk'

import { CliError } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { oneLine } from '../print.ts'

export const listProfiles = ({
  peta,
  workspace,
}: Context): Promise<readonly RouteResponse<'profiles.read'>[]> =>
  everyPage((query) => peta.call('profiles.list', { params: { workspace }, query }))

/** @throws CliError when there is no profile of that name */
export async function profileParams(context: Context, name: string) {
  const profiles = await listProfiles(context)
  if (!profiles.some((profile) => profile.name === name)) {
    throw new CliError(`There is no profile "${oneLine(name)}". List them with: peta profile list`)
  }
  return { workspace: context.workspace, profile: name }
}
