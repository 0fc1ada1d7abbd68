// A scriptable MCP server on stdio, in plain Node: every way to misbehave is a tool or a flag.
import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'

const flags = new Set(process.argv.slice(2))
const flagValue = (name) =>
  process.argv
    .slice(2)
    .find((flag) => flag.startsWith(`${name}=`))
    ?.slice(name.length + 1)

const started = flagValue('--started')
if (started) appendFileSync(started, `${process.pid}\n`)
if (flags.has('--exit-at-start')) process.exit(7)
if (flags.has('--ignore-term')) process.on('SIGTERM', () => {})
process.stderr.write('the server started\n')

const write = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)
const text = (value) => ({ content: [{ type: 'text', text: String(value) }] })
const never = () => new Promise(() => {})

let descriptions = 'first'
const tools = {
  echo: ({ message }) => text(message),
  env: ({ name }) => text(process.env[name]),
  env_names: () => text(Object.keys(process.env).toSorted().join()),
  descriptor: ({ name }) => text(readFileSync(Number(process.env[name]), 'utf8')),
  pid: () => text(process.pid),
  sleep: async ({ ms }) => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return text('slept')
  },
  hang: never,
  // Leaves a mark outside, so that a test can count how often it really ran.
  mark_and_hang: ({ file }) => {
    appendFileSync(file, 'x')
    return never()
  },
  mark_and_die: ({ file }) => {
    appendFileSync(file, 'x')
    process.kill(process.pid, 'SIGKILL')
    return never()
  },
  exit: ({ code }) => process.exit(code),
  garbage: ({ lines }) => {
    process.stdout.write('this is no message\n'.repeat(lines))
    return text('done')
  },
  huge_line: ({ bytes }) => {
    process.stdout.write('x'.repeat(bytes))
    return never()
  },
  stop_reading: () => {
    process.stdin.pause()
    return text('paused')
  },
  // Leaves the process group and survives its parent.
  daemon: () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {
      detached: true,
      stdio: 'ignore',
    })
    child.unref()
    return text(child.pid)
  },
  progress: (_, meta) => {
    for (const progress of [1, 2, 2, 3]) {
      const params = { progressToken: meta?.progressToken, progress }
      write({ jsonrpc: '2.0', method: 'notifications/progress', params })
    }
    write({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: 424242, progress: 9 },
    })
    return text('done')
  },
  twice: (_, __, id) => {
    write({ jsonrpc: '2.0', id, result: text('once') })
    write({ jsonrpc: '2.0', id: 999999, result: text('stray') })
    return text('again')
  },
  ask_back: () => {
    write({ jsonrpc: '2.0', id: 'mine', method: 'sampling/createMessage', params: {} })
    return new Promise((resolve) => {
      answered = (message) => resolve(text(JSON.stringify(message.error?.code)))
    })
  },
  // Asks the client whatever it is told to, and tells what came back.
  ask: ({ method, params }) => {
    write({ jsonrpc: '2.0', id: 'mine', method, params })
    return new Promise((resolve) => {
      answered = ({ result, error }) => resolve(text(JSON.stringify(result ?? error)))
    })
  },
  // Leaves a mark outside, asks its user, and leaves another with the answer.
  mark_and_ask: ({ file, params }) => {
    appendFileSync(file, 'asked ')
    write({ jsonrpc: '2.0', id: 'mine', method: 'elicitation/create', params })
    return new Promise((resolve) => {
      answered = ({ result }) => {
        appendFileSync(file, `${JSON.stringify(result)} `)
        resolve(text('told'))
      }
    })
  },
  // Runs once its user has visited an address, and not before.
  visit: ({ id }) => {
    if (visited.has(id)) return text('visited')
    const url = `https://login.example/${id}`
    const wanted = { mode: 'url', elicitationId: id, url, message: 'Sign in' }
    const data = { elicitations: [wanted] }
    throw Object.assign(new Error('A visit is needed'), { code: -32042, data })
  },
  visited: ({ id }) => {
    visited.add(id)
    const params = { elicitationId: id }
    write({ jsonrpc: '2.0', method: 'notifications/elicitation/complete', params })
    return text('thanks')
  },
  // How often it was told that the roots of its client changed.
  roots_changes: () => text(String(rootsChanges)),
  fail: () => ({ ...text('it went wrong'), isError: true }),
  change: () => {
    descriptions = 'second'
    write({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
    return text('changed')
  },
  cancelled: () => text(cancelled.join()),
  // Changes a resource, and tells whoever asked for it in the way of its era.
  touch: ({ uri }) => {
    const method = 'notifications/resources/updated'
    if (subscribed.has(uri)) write({ jsonrpc: '2.0', method, params: { uri } })
    for (const [id, uris] of listens) {
      const _meta = { 'io.modelcontextprotocol/subscriptionId': id }
      if (uris.includes(uri)) write({ jsonrpc: '2.0', method, params: { uri, _meta } })
    }
    return text('touched')
  },
  subscribed: () => text([...subscribed, ...[...listens.values()].flat()].join()),
  end_listens: () => {
    for (const id of listens.keys()) write({ jsonrpc: '2.0', id, result: modernMeta })
    listens.clear()
    return text('ended')
  },
  stderr: ({ line }) => {
    process.stderr.write(`${line}\n`)
    return text('written')
  },
}
const cancelled = []
let rootsChanges = 0
const visited = new Set()
const subscribed = new Set()
const listens = new Map()
let answered = () => {}

const definitions = () =>
  Object.keys(tools).map((name) => ({
    name,
    description: `${name}, ${descriptions}`,
    inputSchema: { type: 'object' },
  }))

const resources = flags.has('--resources') ? { resources: { subscribe: true } } : {}
const modernMeta = { resultType: 'complete' }
const isModern = flags.has('--modern')

const methods = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: { listChanged: true }, ...resources },
    serverInfo: { name: 'test', version: '1' },
  }),
  'server/discover': () => ({
    ...modernMeta,
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {}, ...resources },
    serverInfo: { name: 'test', version: '1' },
  }),
  'resources/list': () => ({
    ...(isModern && modernMeta),
    resources: ['note:///one', 'note:///two'].map((uri) => ({ uri, name: uri })),
  }),
  'resources/templates/list': () => ({ ...(isModern && modernMeta), resourceTemplates: [] }),
  'resources/subscribe': ({ uri }) => (subscribed.add(uri), {}),
  'resources/unsubscribe': ({ uri }) => (subscribed.delete(uri), {}),
  'subscriptions/listen': ({ notifications }, id) => {
    listens.set(id, notifications.resourceSubscriptions ?? [])
    const _meta = { 'io.modelcontextprotocol/subscriptionId': id }
    const method = 'notifications/subscriptions/acknowledged'
    write({ jsonrpc: '2.0', method, params: { notifications, _meta } })
    return never()
  },
  'tools/list': () =>
    flags.has('--hang-list') ? never() : { ...(isModern && modernMeta), tools: definitions() },
  'tools/call': ({ name, arguments: args = {}, _meta }, id) => tools[name](args, _meta, id),
  ping: () => ({}),
}

function takeNotice({ method, params }) {
  if (method === 'notifications/roots/list_changed') rootsChanges += 1
  if (method !== 'notifications/cancelled') return
  cancelled.push(params.requestId)
  listens.delete(params.requestId)
}

async function receive(message) {
  if (message.method === undefined) return answered(message)
  if (message.id === undefined) return takeNotice(message)
  if (message.method === 'server/discover' && flags.has('--mute-unknown')) return
  if (message.method === 'server/discover' && flags.has('--exit-at-unknown')) process.exit(3)
  const isUnknown = message.method === 'server/discover' ? !isModern : !methods[message.method]
  if (isUnknown) {
    const error = { code: -32601, message: 'Method not found' }
    return write({ jsonrpc: '2.0', id: message.id, error })
  }
  try {
    const result = await methods[message.method](message.params ?? {}, message.id)
    write({ jsonrpc: '2.0', id: message.id, result })
  } catch ({ code, message: problem, data }) {
    write({ jsonrpc: '2.0', id: message.id, error: { code, message: problem, data } })
  }
}

let rest = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop()
  for (const line of lines) if (line !== '') void receive(JSON.parse(line))
})
process.stdin.on('end', () => {
  if (!flags.has('--ignore-term')) process.exit(0)
  setInterval(() => {}, 1000)
})
