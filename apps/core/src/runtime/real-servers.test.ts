import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { openTestRuntime, stdioDefinition, WORKSPACE } from './testing.ts'

const program = (name: string): string =>
  fileURLToPath(
    new URL(
      `../../../../node_modules/@modelcontextprotocol/${name}/dist/index.js`,
      import.meta.url,
    ),
  )

const launch = (...args: string[]) =>
  ({ kind: 'stdio', command: process.execPath, args, env: {} }) as const

it('runs the reference server with every kind of entry, under the limits of a child (RUN-64)', async () => {
  await using test = await openTestRuntime()
  const input = stdioDefinition([], { launch: launch(program('server-everything'), 'stdio') })
  const server = await test.ready(input)
  const kinds = test.runtime.items(WORKSPACE, server).map(({ item }) => item.kind)
  const listed = ['tool', 'prompt', 'resource', 'resource_template', 'instructions']
  expect(new Set(kinds)).toEqual(new Set(listed))
  expect((await test.call(server, 'echo', { message: 'hello' })).text).toContain('hello')
})

it('runs the reference file server', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'peta-files-'))
  await writeFile(join(folder, 'note.txt'), 'remember the milk')
  await using test = await openTestRuntime()
  const input = stdioDefinition([], { launch: launch(program('server-filesystem'), folder) })
  const server = await test.ready(input)
  const read = await test.call(server, 'read_text_file', { path: join(folder, 'note.txt') })
  expect(read.text).toBe('remember the milk')
  await rm(folder, { recursive: true })
})
