import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'

import type { RouteBody } from '@peta/contract'
import { everyPage, type Peta } from '@peta/sdk'

import { demoFiles } from '../paths.ts'
import type { NotesApi } from './notes-api.ts'

export type Seeding = Readonly<{ peta: Peta; workspace: string }>
type Launch = RouteBody<'servers.install'>['launch']
type Labels = Readonly<Record<string, readonly string[]>>

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

/** The notes server is installed unconnected: its key can only be bound to a server that is there. */
export async function seedServers(seeding: Seeding, notes: NotesApi): Promise<void> {
  const files = await installed(seeding, 'files', await filesLaunch())
  await acceptNew(seeding, files, labels.files)
  const launch = { kind: 'http', url: notes.url, allowLoopback: true } as const
  const server = await installed(seeding, 'notes', launch)
  await putKey(seeding, server, notes)
  await acceptNew(seeding, server, labels.notes)
}

/** What was installed to start otherwise, by another Node or on another port, is changed to what starts now; Core knows whether that is a change. */
async function installed(
  { peta, workspace }: Seeding,
  slug: string,
  launch: Launch,
): Promise<string> {
  const params = { workspace }
  const servers = await everyPage((query) => peta.call('servers.list', { params, query }))
  const found = servers.find((server) => server.slug === slug)
  if (found) {
    const server = { ...params, server: found.id }
    return (await peta.call('servers.change', { params: server, body: { launch } })).id
  }
  const body = { slug, launch, title: `Demo ${slug}`, connect: false }
  return (await peta.call('servers.install', { params, body })).id
}

async function filesLaunch(): Promise<Launch> {
  const folder = demoFiles()
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'hello.txt'), 'Hello from a file that an agent may read.\n')
  const command = createRequire(import.meta.url).resolve(
    '@modelcontextprotocol/server-filesystem/dist/index.js',
  )
  return { kind: 'stdio', command: process.execPath, args: [command, folder] }
}

/** Each start has a new key. It is bound each time: the server may have changed, and takes none from before then. */
async function putKey(
  { peta, workspace }: Seeding,
  serverId: string,
  notes: NotesApi,
): Promise<void> {
  const params = { workspace }
  const secrets = await everyPage((query) => peta.call('secrets.list', { params, query }))
  const known = secrets.find((candidate) => candidate.name === KEY_SECRET)
  const value = notes.key
  const { id } =
    known ?? (await peta.call('secrets.create', { params, body: { name: KEY_SECRET, value } }))
  const hosts = [new URL(notes.url).host]
  const binding = { serverId, target: 'header' as const, name: 'X-Api-Key', hosts }
  const body = { binding, value }
  await peta.call('secrets.bind', { params: { ...params, secret: id }, body })
}

/** Reads the catalogue, and accepts what nobody has reviewed yet: a person's own verdict stays. */
async function acceptNew(
  { peta, workspace }: Seeding,
  server: string,
  byLabel: Labels,
): Promise<void> {
  const params = { workspace, server }
  await peta.call('servers.refresh', { params, body: {} })
  const offered = await everyPage((query) => peta.call('items.list', { params, query }))
  const waiting = new Set(
    offered
      .filter(({ kind, state }) => kind === 'tool' && state === 'quarantined')
      .map(({ name }) => name),
  )
  for (const [label, names] of Object.entries(byLabel)) {
    const items = names
      .filter((name) => waiting.has(name))
      .map((name) => ({ kind: 'tool' as const, name }))
    if (items.length === 0) continue
    await peta.call('items.accept', { params, body: { items, labels: [label] } })
  }
}
