import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { runInProcess } from '../support/cli-in-process.ts'
import { commandSamples, wordsOf, type CommandSample } from '../support/cli-samples.ts'
import { freePort, startTestCore, type CliResult, type TestCore } from '../support/core.ts'
import { startHttpServer } from '../support/http-server.ts'
import { becomeOwner, type Owner } from '../support/owner.ts'

/** Comes in on standard input, and stands where a secret may slip in: nothing may repeat it. */
const CANARY = 'canary-2b8d-do-not-repeat-me'

const home = await mkdtemp(join(tmpdir(), 'peta-cli-'))
const places = {
  file: join(home, 'rules.yaml'),
  definition: join(home, 'server.json'),
  folder: join(home, 'folder'),
}
/** `start` is no client of Core: it has tests of its own. */
const samples = commandSamples(places).filter(({ name }) => name !== 'start')
const withoutCore = ['doctor', 'audit verify']
const withHostKey = ['setup-link', 'login']
const online = samples.filter(({ name }) => !withoutCore.includes(name))
const asPerson = online.filter(({ name }) => ![...withHostKey, 'setup'].includes(name))
const named = (all: readonly CommandSample[]) => all.map((sample) => [sample.name, sample] as const)

let core: TestCore
let owner: Owner
let before: unknown

beforeAll(async () => {
  await writeFile(places.file, 'rules: []\n')
  await writeFile(places.definition, '{"slug":"sample","launch":{"kind":"stdio","command":"x"}}')
  await mkdir(places.folder)
  core = await startTestCore()
  owner = await becomeOwner(core)
  await core.cli(['login'])
  before = await everything()
})

afterAll(async () => {
  await core?.[Symbol.asyncDispose]()
  await rm(home, { recursive: true, force: true })
})

/** All that a command could have changed. */
function everything(): Promise<unknown> {
  const params = { workspace: owner.workspace }
  const { call } = owner.peta
  return Promise.all([
    call('agents.list', { params }),
    call('servers.list', { params }),
    call('profiles.list', { params }),
    call('secrets.list', { params }),
    call('policy.versions', { params }),
    call('approvals.list', { params }),
  ])
}

const peta = (words: readonly string[], env = core.env) => runInProcess(words, env, CANARY)

/** One line on stderr that says what to do, and nothing of the insides of the program. */
function expectRefusal(result: CliResult, code: number): void {
  expect(result).toMatchObject({ code, stdout: '' })
  expect(result.stderr).toMatch(/^(--[a-z]|[A-Z"/])[^\n]{15,700}\n$/)
  expect(result.stderr).toMatch(/\b(See|Give|Start|Sign|List|Set|Run|Make|Look|Say|body\.\w+:)/)
  expect(result.stderr).not.toMatch(/\bat .*:\d+:\d+|Error\b|undefined|\[object|Something in this/)
  expect(result.stderr).not.toContain(CANARY)
}

describe('used wrongly', () => {
  const typed = samples.flatMap((sample) =>
    sample.command.options
      .filter(({ parseArg }) => isRefusing(parseArg))
      .map(({ long = '' }) => [`${sample.name} ${long}`, sample, long] as const),
  )
  const valued = samples.flatMap((sample) =>
    sample.command.options
      .filter(({ required }) => required)
      .map(({ long = '' }) => [`${sample.name} ${long}`, sample, long] as const),
  )
  const closed = samples.filter(({ command }) =>
    command.registeredArguments.every(({ variadic }) => !variadic),
  )

  it.each(named(samples))('%s refuses an option that it does not have', async (_, sample) => {
    for (const option of ['--surplus', `--surplus=${CANARY}`, `-${CANARY}`, `--${CANARY}`]) {
      expectRefusal(await peta(wordsOf({ ...sample, options: [option, ...sample.options] })), 2)
    }
  })

  it.each(named(samples))('%s names the argument that is missing', async (_, sample) => {
    for (const index of sample.args.keys()) {
      const result = await peta(wordsOf({ ...sample, args: sample.args.slice(0, index) }))
      expectRefusal(result, 2)
      expect(result.stderr).toContain(`'${sample.command.registeredArguments[index]?.name()}'`)
    }
  })

  it.each(named(closed))('%s refuses one argument too many', async (_, sample) => {
    const args = [...sample.args, ...sample.optional, CANARY]
    expectRefusal(await peta(wordsOf({ ...sample, args })), 2)
  })

  it.each(valued)('%s refuses to have no value', async (_, sample, option) => {
    expectRefusal(await peta([...wordsOf(sample), option]), 2)
  })

  it.each(typed)('%s refuses a value of another type', async (_, sample, option) => {
    for (const value of ['x', '-1', '1.5', '1e3', '', ' ', '0x1', '9'.repeat(20), '1h', CANARY]) {
      expectRefusal(await peta([...wordsOf(sample), `${option}=${value}`]), 2)
    }
  })

  it.each(named(samples.filter(({ command }) => command.options.some((o) => o.mandatory))))(
    '%s names the option that it needs',
    async (_, sample) => {
      expectRefusal(await peta(wordsOf({ ...sample, options: [] })), 2)
    },
  )

  it.each([
    [['approvals', 'resolve', 'APR-00000000', 'perhaps', '--reason', 'x']],
    [['audit', 'list', '--type', 'no.such.event']],
    [['policy', 'explain', 'sample', 'sample__tool', '--args', '{']],
    [['server', 'add', 'sample']],
    [['server', 'add', 'sample', '--url', 'https://mcp.example.com', '--', 'node']],
    [['server', 'add', 'sample', '--env', CANARY, '--', 'node']],
    [['server', 'add', 'sample', '--url', 'https://mcp.example.com', '--env', 'A=b']],
    [['server', 'add', 'sample', '--allow-loopback', '--', 'node']],
    [['server', 'accept', 'sample', '--item', 'no-kind']],
    [['server', 'reject', 'sample', 'thing:no-kind']],
    [['profile', 'change', 'sample']],
    [['profile', 'change', 'sample', '--tool', 'a/b', '--all-tools']],
    [['secret', 'bind', 'sample', 'sample']],
    [['start', '--core', 'http://127.0.0.1:7382']],
    [['whoami', '--core', 'nowhere']],
    [['whoami', '--core', `ftp://ana:${CANARY}@example.com`]],
    [['no-such-command']],
    [[CANARY]],
    [['secret', 'no-such-command']],
    [['secret', CANARY]],
  ])('%j says what it takes instead', async (words) => {
    expectRefusal(await peta(words), 2)
  })

  it.each([
    ['PETA_URL', CANARY],
    ['PETA_PORT', CANARY],
  ])('names the setting %s when it is wrong', async (name, value) => {
    const result = await peta(['whoami'], elsewhere({ [name]: value }))
    expectRefusal(result, 2)
    expect(result.stderr).toContain(name)
  })
})

/** Whether an option takes some values only, and this is none of them. */
function isRefusing(parse: ((text: string, before: undefined) => unknown) | undefined): boolean {
  try {
    parse?.(CANARY, undefined)
    return false
  } catch {
    return true
  }
}

/** A person of another home, signed in or not. */
const elsewhere = (env: Readonly<Record<string, string>> = {}) => ({
  HOME: home,
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_DATA_HOME: join(home, 'data'),
  ...env,
})

async function signInElsewhere(session: unknown): Promise<void> {
  await mkdir(join(home, 'config/peta'), { recursive: true })
  await mkdir(join(home, 'data/peta'), { recursive: true })
  await writeFile(join(home, 'config/peta/session.json'), JSON.stringify(session))
  await writeFile(join(home, 'data/peta/host.key'), `${CANARY}\n`)
}

const sessionAt = (url: string) => ({
  url,
  token: CANARY,
  workspaceId: 'ws_1',
  userId: 'usr_1',
  expiresAt: Date.UTC(2100, 0),
})

describe('where there is nothing to talk to', () => {
  afterAll(async () => {
    await rm(join(home, 'config'), { recursive: true })
    await rm(join(home, 'data'), { recursive: true })
  })

  it.each(named(asPerson))('%s says that nobody has signed in', async (_, sample) => {
    const result = await peta(wordsOf(sample), elsewhere())
    expectRefusal(result, 1)
    expect(result.stderr).toContain('peta login')
  })

  it.each(withHostKey)('%s says which host key it cannot read', async (name) => {
    const result = await peta([name], elsewhere())
    expectRefusal(result, 1)
    expect(result.stderr).toContain(join(home, 'data/peta/host.key'))
  })

  it.each([
    ['ended', { ...sessionAt('http://127.0.0.1:1'), expiresAt: 1 }],
    ['damaged', { url: 'nowhere' }],
    ['a list', [CANARY]],
  ])('a session that is %s says how to get another', async (_, session) => {
    await signInElsewhere(session)
    const result = await peta(['whoami'], elsewhere())
    expectRefusal(result, 1)
    expect(result.stderr).toContain('peta login')
  })

  it.each(named(online))('%s says that no Core answers, and where', async (_, sample) => {
    const url = `http://127.0.0.1:${await freePort()}`
    await signInElsewhere(sessionAt(url))
    const result = await peta(wordsOf(sample), elsewhere({ PETA_URL: url }))
    expectRefusal(result, 1)
    expect(result.stderr).toContain(url)
  })

  it.each(named(online))('%s says when it is not Peta that answers', async (_, sample) => {
    for (const [status, type, body] of strangers) {
      await using stranger = await startHttpServer((_request, response) => {
        response.writeHead(status, { 'content-type': type, location: '/' }).end(body)
      })
      const url = `http://127.0.0.1:${stranger.port}`
      await signInElsewhere(sessionAt(url))
      const result = await peta(wordsOf(sample), elsewhere({ PETA_URL: url }))
      expectRefusal(result, 1)
      expect(result.stderr).toContain(url)
      expect(await readdir(places.folder)).toEqual([])
    }
  })
})

const strangers = [
  [200, 'text/html', '<h1>It works!</h1>'],
  [200, 'application/json', '{"items":[{"id":5}]}'],
  [200, 'application/json', '{"items":'],
  [302, 'text/html', ''],
  [404, 'text/plain', 'not here'],
  [503, 'application/json', '{"error":"down"}'],
] as const

/** What makes something where nothing was; no name is unknown to it. */
const making = ['agent create', 'profile create', 'server add', 'secret put']
/** What takes files instead of names. */
const taking = ['server import', 'policy check', 'policy publish', 'audit export']
const unfit = ['', ' ', '\u001B[2J', 'a\nb', '\u202Ecba', 'x'.repeat(400)]
const odd = [...unfit, '.', '..', 'a/b', '%00', "' or 1=1", 'é💩']

describe('on names and ids that nothing has', () => {
  const strict = asPerson
    .filter(({ name }) => !making.includes(name) && !taking.includes(name))
    .map((sample) => ({ ...sample, args: [...sample.args, ...sample.optional] }))
    .filter(({ args }) => args.length > 0)
  const makers = asPerson.filter(({ name }) => making.includes(name))

  it.each(named(strict))('%s says what there is not', async (_, sample) => {
    expectRefusal(await peta(wordsOf(sample)), 1)
  })

  it.each(named(strict))('%s takes no odd name for a name', async (_, sample) => {
    for (const index of sample.args.keys()) {
      for (const value of odd) {
        const result = await peta(wordsOf({ ...sample, args: sample.args.with(index, value) }))
        expectRefusal(result, result.code === 2 ? 2 : 1)
      }
    }
  })

  it.each(named(makers))(
    '%s makes nothing of a name that could not be shown',
    async (_, sample) => {
      for (const value of unfit) expectRefusal(await peta(wordsOf({ ...sample, args: [value] })), 1)
    },
  )
})

it.each([
  [['secret', 'put', 'sample', `--value=${CANARY}`]],
  [['agent', 'suspend', 'sample']],
  [['audit', 'verify', 'nowhere']],
])('%j is the same in a process of its own', async (words) => {
  expect(await core.cli(words, CANARY)).toEqual(
    await peta(words, { ...core.env, PETA_URL: core.url }),
  )
})

it('has changed nothing in Core by all this', async () => {
  expect(await everything()).toEqual(before)
  expect(core.output()).not.toContain(CANARY)
})
