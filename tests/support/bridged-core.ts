import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { startTestCore, type TestCore } from './core.ts'
import { installServer } from './everything-runs.ts'
import { becomeOwner, type Owner, issueToken, publishRules } from './owner.ts'
import { officialServers } from './processes.ts'

const RULES = `
rules:
  - id: everything-runs
    scope: { principals: [any], actions: [tool.call], resources: [any] }
    effect: allow
  - id: writes-ask
    scope: { principals: [any], actions: [tool.call], resources: ["tool:files/write_file"] }
    effect: require_approval
`

/** A Core with two official servers, and an agent `claude` that may call them; writing a file needs a person. */
export type BridgedCore = AsyncDisposable &
  Readonly<{
    core: TestCore
    owner: Owner
    token: string
    /** The folder that the file server serves. */
    files: string
    /** Of a bridge to this Core. */
    env: Readonly<Record<string, string>>
  }>

export async function startBridgedCore(): Promise<BridgedCore> {
  const core = await startTestCore()
  const owner = await becomeOwner(core)
  const files = join(core.home, 'files')
  await mkdir(files)
  await writeFile(join(files, 'large.txt'), 'large '.repeat(512 * 1024))
  const { filesystem, everything } = officialServers
  const command = process.execPath
  await installServer(owner, 'files', { kind: 'stdio', command, args: [filesystem, files] })
  await installServer(owner, 'everything', { kind: 'stdio', command, args: [everything] })

  await publishRules(owner, RULES)
  const token = await issueToken(owner)
  const env = { ...core.env, PETA_URL: core.url, PETA_TOKEN: token }
  return {
    core,
    owner,
    token,
    files,
    env,
    [Symbol.asyncDispose]: () => core[Symbol.asyncDispose](),
  }
}
