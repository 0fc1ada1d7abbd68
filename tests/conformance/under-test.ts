import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { startTestCore } from '../support/core.ts'
import { startBearerShim } from './bearer-shim.ts'

export type UnderTest = AsyncDisposable & Readonly<{ url: string }>

const ALIAS = 'everything'
const PROFILE = 'conformance'

const RULES = `
rules:
  - id: agents-inherit
    scope: { principals: ["agent-label:owned"], actions: [tool.call, resource.read, prompt.get, completion.get, client.elicit, client.sample, client.roots], resources: [any] }
    effect: allow
  - id: everything-runs
    scope: { principals: [any], actions: [tool.call, resource.read, prompt.get, completion.get, client.elicit, client.sample, client.roots], resources: [any] }
    effect: allow
`

/** The fixture, in a process of its own, with nothing in front. */
export async function startEverything(): Promise<UnderTest> {
  const file = join(import.meta.dirname, 'everything-server.ts')
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(process.execPath, ['--conditions=peta-source', file], { stdio: [...stdio] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return {
    url: String(line).replace('everything ', ''),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** A real Core in front of the fixture, with everything accepted and allowed, at a profile that leaves its names as they are (MCP-111). */
export async function startPetaBefore(server: string): Promise<UnderTest> {
  await using parts = new AsyncDisposableStack()
  const core = parts.use(await startTestCore())
  const run = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await core.cli(args, input)
    if (code !== 0) throw new Error(`peta ${args.join(' ')} failed:\n${stderr}\n${core.output()}`)
    return stdout.trim()
  }
  const { url }: { url: string } = JSON.parse(await run(['--json', 'setup-link']))
  await run(['setup', '--email', 'ana@example.com', '--name', 'Ana'], url)
  await run(['server', 'add', ALIAS, '--url', server, '--allow-loopback'])
  await run(['server', 'accept', ALIAS, '--label', 'read'])
  const rules = join(core.home, 'rules.yaml')
  await writeFile(rules, RULES)
  await run(['policy', 'publish', rules, '--reason', 'everything runs'])
  await run(['agent', 'create', 'conformance'])
  await run(['profile', 'create', PROFILE, '--server', ALIAS, '--unprefixed', ALIAS])
  const token = await run(['token', 'issue', 'conformance', '--profile', PROFILE])
  const target = `${core.url}/mcp/${PROFILE}`
  const shim = parts.use(await startBearerShim({ target, token }))
  const owned = parts.move()
  return { url: shim.url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
