/**
 * `npm run interop`: foreign clients against foreign servers, with Peta in between, each as the lock file beside this file
 * pins it. Prints a table of client by server (MCP-175). Takes a minute and a half, most of it to install.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

import { freePort, startTestCore } from '../../support/core.ts'
import { installServer } from '../../support/everything-runs.ts'
import { becomeOwner, issueToken, publishRules } from '../../support/owner.ts'

type Launch = Parameters<typeof installServer>[2]

/** One call, and a text that stands in its answer. */
export type Wanted = Readonly<{ name: string; args: Record<string, unknown>; says: string }>

export type Door = Readonly<{ url: string; token: string; era: 'modern' | 'legacy' }>
export type Task = Door & Readonly<{ client: string; calls: readonly Wanted[] }>

const HERE = import.meta.dirname
const MODULES = join(HERE, 'node_modules')
const OFFICIAL = join(HERE, '../../../node_modules/@modelcontextprotocol')
const EVERYTHING = join(OFFICIAL, 'server-everything/dist/index.js')

const RULES = `
rules:
  - id: everything-runs
    scope: { principals: [any], actions: [tool.call], resources: [any] }
    effect: allow
`

/** Clients, and the eras that each can speak. */
const CLIENTS = [
  ['inspector', 'legacy'],
  ['inspector', 'modern'],
  ['mcp-remote', 'legacy'],
  ['mcp-remote', 'modern'],
  ['langchain', 'legacy'],
  ['openai-agents', 'legacy'],
  ['ai-sdk', 'legacy'],
  ['ai-sdk', 'modern'],
  ['mastra', 'legacy'],
  ['mastra', 'modern'],
] as const

await using parts = new AsyncDisposableStack()
const core = parts.use(await startTestCore())
const owner = await becomeOwner(core)
const calls: Record<string, Wanted> = {}
await install('everything', stdio(EVERYTHING, 'stdio'), {
  name: 'echo',
  args: { message: 'hello' },
  says: 'Echo: hello',
})
const folder = join(core.home, 'files')
await mkdir(folder)
const path = join(folder, 'note.txt')
await writeFile(path, 'a note')
await install('filesystem', stdio(join(OFFICIAL, 'server-filesystem/dist/index.js'), folder), {
  name: 'read_text_file',
  args: { path },
  says: 'a note',
})
const memory = stdio(join(MODULES, '@modelcontextprotocol/server-memory/dist/index.js'))
await install('memory', memory, { name: 'read_graph', args: {}, says: 'entities' })
const fastmcp = await startRemote((port) => [join(HERE, 'servers/fastmcp.mjs'), String(port)])
await install('fastmcp', fastmcp, { name: 'add', args: { a: 2, b: 3 }, says: 'sum 5' })
const supergateway = await startRemote((port) => [
  join(MODULES, 'supergateway/dist/index.js'),
  '--stdio',
  `${process.execPath} ${EVERYTHING} stdio`,
  '--outputTransport',
  'streamableHttp',
  '--port',
  String(port),
  '--logLevel',
  'none',
])
await install('supergateway', supergateway, {
  name: 'echo',
  args: { message: 'hello' },
  says: 'Echo: hello',
})
await publishRules(owner, RULES)
const token = await issueToken(owner, 'interop')

// An endpoint that serves one era alone, so that a client which speaks the other is found out.
for (const era of ['legacy', 'modern'] as const) {
  const body = { name: era, eras: era }
  await owner.peta.call('profiles.create', { params: { workspace: owner.workspace }, body })
}

const servers = Object.keys(calls)
say(['client'.padEnd(22), ...servers.map((name) => name.padEnd(13))].join(' '))
let passed = 0
let failed = 0
for (const [client, era] of CLIENTS) {
  const problems = await tryClient({
    client,
    era,
    url: `${core.url}/mcp/${era}`,
    token,
    calls: Object.values(calls),
  })
  const cells = Object.values(calls).map(({ name }) =>
    problems.get(name) === '' ? 'ok' : 'FAILED',
  )
  say([`${client}, ${era}`.padEnd(22), ...cells.map((cell) => cell.padEnd(13))].join(' '))
  for (const [name, problem] of problems) if (problem !== '') say(`    ${name}: ${problem}`)
  passed += cells.filter((cell) => cell === 'ok').length
  failed += cells.filter((cell) => cell !== 'ok').length
}
say(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1

function stdio(...args: string[]): Launch {
  return { kind: 'stdio', command: process.execPath, args }
}

async function install(slug: string, launch: Launch, call: Wanted): Promise<void> {
  await installServer(owner, slug, launch)
  calls[slug] = { ...call, name: `${slug}__${call.name}` }
}

/** Resolves once it answers. */
async function startRemote(argsFor: (port: number) => readonly string[]): Promise<Launch> {
  const port = await freePort()
  const child = spawn(process.execPath, argsFor(port), { stdio: 'ignore' })
  parts.defer(() => stop(child))
  const url = `http://127.0.0.1:${port}/mcp`
  while (
    !(await fetch(url, { method: 'POST' }).then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`${argsFor(port)[0]} did not start`)
    await pause(50)
  }
  return { kind: 'http', url, allowLoopback: true }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** What went wrong, by tool; an empty text is nothing. */
async function tryClient(task: Task): Promise<ReadonlyMap<string, string>> {
  const problems = new Map(task.calls.map(({ name }) => [name, 'not reached']))
  const env = { ...process.env, INTEROP: JSON.stringify(task) }
  const child = spawn(process.execPath, [join(HERE, 'try.mjs')], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{"name"')) continue
    const { name, problem = '' }: { name: string; problem?: string } = JSON.parse(line)
    problems.set(name, problem)
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  if ([...problems.values()].includes('not reached')) say(errors.slice(0, 2000))
  return problems
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
