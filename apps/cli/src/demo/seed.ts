import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

import type { RouteBody } from '@peta/contract'
import { createPeta, type Peta } from '@peta/sdk'

import { when } from '../print.ts'
import { readHostKey, saveSession } from '../session.ts'
import type { NotesApi } from './notes-api.ts'
import { demoRules } from './rules.ts'

type Seeding = Readonly<{ peta: Peta; workspace: string }>
type Launch = RouteBody<'servers.install'>['launch']

const AGENT = 'demo-agent'
const KEY_SECRET = 'notes-api-key'

/** Tools by the label an administrator would confirm for them; whatever is not here stays in quarantine. */
const labels = {
  files: {
    read: [
      'read_text_file',
      'read_multiple_files',
      'list_directory',
      'directory_tree',
      'search_files',
      'get_file_info',
      'list_allowed_directories',
    ],
    write: ['write_file', 'edit_file', 'create_directory', 'move_file'],
  },
  notes: {
    read: ['list_notes', 'read_note', 'whoami'],
    write: ['add_note'],
    destructive: ['delete_note'],
  },
} as const

/** Makes the demonstration workspace through the public API alone, or brings it up to date. Returns what to say. */
export async function seedDemo(url: string, notes: NotesApi): Promise<string> {
  const seeding = await signIn(url)
  await installServers(seeding, notes)
  await publishRules(seeding)
  const { token, expiresAt } = await issueToken(seeding)
  return guide(url, token, expiresAt)
}

async function signIn(url: string): Promise<Seeding> {
  const host = createPeta({ url, hostKey: await readHostKey() })
  const { kind, link } = await host.call('links.create', { body: {} })
  const session =
    kind === 'setup'
      ? await host.call('setup.complete', {
          body: { link, email: 'owner@example.com', name: 'Demo owner', workspace: 'Demo' },
        })
      : await host.call('sessions.create', { body: { link } })
  await saveSession({ url, ...session })
  return { peta: createPeta({ url, token: session.token }), workspace: session.workspaceId }
}

async function installServers(seeding: Seeding, notes: NotesApi): Promise<void> {
  await install(seeding, 'files', await filesLaunch())
  const installed = await install(seeding, 'notes', {
    kind: 'http',
    url: notes.url,
    allowLoopback: true,
  })
  await putKey(seeding, installed, notes)
  for (const [slug, byLabel] of Object.entries(labels)) await accept(seeding, slug, byLabel)
}

/** The server reads its catalogue only once its key is there, hence the refresh in `accept`. */
async function install(
  { peta, workspace }: Seeding,
  slug: string,
  launch: Launch,
): Promise<string> {
  const found = await findServer({ peta, workspace }, slug)
  if (found) return found
  const added = await peta.call('servers.install', {
    params: { workspace },
    body: { slug, launch, title: `Demo ${slug}` },
  })
  return added.id
}

async function filesLaunch(): Promise<Launch> {
  const folder = join(
    process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'),
    'peta-demo',
    'files',
  )
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'hello.txt'), 'Hello from a file that an agent may read.\n')
  const command = createRequire(import.meta.url).resolve(
    '@modelcontextprotocol/server-filesystem/dist/index.js',
  )
  return { kind: 'stdio', command: process.execPath, args: [command, folder] }
}

async function putKey(
  { peta, workspace }: Seeding,
  serverId: string,
  notes: NotesApi,
): Promise<void> {
  const { items } = await peta.call('secrets.list', { params: { workspace }, query: {} })
  const known = items.find((secret) => secret.name === KEY_SECRET)
  if (known) {
    const params = { workspace, secret: known.id }
    await peta.call('secrets.put', { params, body: { value: notes.key } })
    return
  }
  const created = await peta.call('secrets.create', {
    params: { workspace },
    body: { name: KEY_SECRET, value: notes.key },
  })
  await peta.call('secrets.bind', {
    params: { workspace, secret: created.id },
    body: {
      binding: { serverId, target: 'header', name: 'X-Api-Key', hosts: [new URL(notes.url).host] },
      value: notes.key,
    },
  })
}

async function accept(
  { peta, workspace }: Seeding,
  slug: string,
  byLabel: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const server = await findServer({ peta, workspace }, slug)
  if (!server) return
  const params = { workspace, server }
  await peta.call('servers.refresh', { params, body: {} })
  for (const [label, names] of Object.entries(byLabel)) {
    const items = names.map((name) => ({ kind: 'tool' as const, name }))
    await peta.call('items.accept', { params, body: { items, labels: [label] } })
  }
}

async function publishRules({ peta, workspace }: Seeding): Promise<void> {
  const active = await peta.call('policy.active', { params: { workspace } })
  if (active.source === demoRules) return
  const body = { source: demoRules, base: active.version, reason: 'Demo rules' }
  await peta.call('policy.publish', { params: { workspace }, body })
}

async function issueToken({ peta, workspace }: Seeding) {
  const { items } = await peta.call('agents.list', { params: { workspace }, query: {} })
  const agent =
    items.find((candidate) => candidate.name === AGENT) ??
    (await peta.call('agents.create', { params: { workspace }, body: { name: AGENT } }))
  return peta.call('tokens.issue', { params: { workspace, agent: agent.id }, body: {} })
}

async function findServer({ peta, workspace }: Seeding, slug: string): Promise<string | undefined> {
  const { items } = await peta.call('servers.list', { params: { workspace }, query: {} })
  return items.find((server) => server.slug === slug)?.id
}

const guide = (url: string, token: string, expiresAt: number): string => `
The demo workspace is ready.

  Client configuration, for any client that speaks Streamable HTTP (the token works until ${when(expiresAt)}):

${JSON.stringify({ mcpServers: { peta: { type: 'http', url: `${url}/mcp`, headers: { Authorization: `Bearer ${token}` } } } }, undefined, 2)}

  Reads run:              files__read_text_file, notes__list_notes, notes__whoami
  Writes wait for you:    files__write_file, notes__add_note
      npm run peta -- approvals list
      npm run peta -- approvals approve APR-…
  Deletes are denied:     notes__delete_note
  What happened:          npm run peta -- audit list
  A new token:            npm run peta -- token issue ${AGENT}
`
