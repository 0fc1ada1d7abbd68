import { expect, it } from 'vitest'

import { sendJson, startHttpServer } from '../../../../tests/support/http-server.ts'
import { sha256Hex } from '../crypto/digest.ts'
import { admin, httpDefinition, openTestRuntime, WORKSPACE } from './testing.ts'

const MAIN = 'skill://review/SKILL.md'
const PICTURE = 'skill://review/a.png'
const file = (uri: string, bytes: Buffer) => ({
  uri,
  digest: `sha256:${sha256Hex(bytes)}`,
  size: bytes.length,
})
const text = '---\nname: review\n---\nLook twice.'
const picture = Buffer.from([0, 255, 1])
const entry = (resources: unknown = [file(MAIN, Buffer.from(text)), file(PICTURE, picture)]) => ({
  uri: MAIN,
  frontmatter: { name: 'review' },
  resources,
})

type Content = Readonly<{ text?: string; blob?: string }>

/** A modern server with these skills, whose files read as `contents` says. */
const serving = (skills: readonly unknown[], contents: Record<string, Content | Content[]>) =>
  startHttpServer(({ message: { id, method, params } }, response) => {
    const result = (body: object): void =>
      sendJson(response, 200, { jsonrpc: '2.0', id, result: { resultType: 'complete', ...body } })
    if (method === 'server/discover') {
      const extensions = { 'io.modelcontextprotocol/skills': {} }
      const capabilities = { resources: {}, extensions }
      return result({ supportedVersions: ['2026-07-28'], capabilities })
    }
    if (method === 'skills/list') return result({ skills })
    if (method === 'resources/read') {
      const uri = String(params?.['uri'])
      const held = [contents[uri] ?? []].flat().map((content) => ({ uri, ...content }))
      return result({ contents: held })
    }
    result({ resources: [], resourceTemplates: [] })
  })

it('pins the manifest of a skill, and puts a changed one up for review again (MCP-142)', async () => {
  const skills: unknown[] = [entry()]
  await using server = await serving(skills, {})
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const states = () => test.runtime.items(WORKSPACE, id).map(({ item }) => [item.kind, item.state])
  expect(states()).toEqual([['skill', 'accepted']])
  skills[0] = entry([file(MAIN, Buffer.from('other'))])
  await test.runtime.refresh(WORKSPACE, id)
  expect(states()).toEqual([['skill', 'changed']])
})

it('reads files of a skill as their digest and size say, and no others (MCP-142)', async () => {
  const contents: Record<string, Content | Content[]> = {
    [MAIN]: { text },
    [PICTURE]: { blob: picture.toString('base64') },
  }
  await using server = await serving([entry()], contents)
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  const read = (uri: string) => test.call(id, uri, {}, { action: 'resource.read' })
  for (const uri of [MAIN, PICTURE]) expect((await read(uri)).isError).toBe(false)
  for (const wrong of [
    { text: `${text} ` },
    { text: 'x'.repeat(text.length) },
    {},
    [],
    [{ text }, { text }],
  ]) {
    contents[MAIN] = wrong
    await expect(read(MAIN)).rejects.toMatchObject({ code: 'definition_changed' })
  }
})

it('reads no file of a skill whose manifest nobody accepted (MCP-142)', async () => {
  await using server = await serving([entry()], { [MAIN]: { text } })
  await using test = await openTestRuntime()
  const { id } = await test.runtime.install(admin, httpDefinition(server.url))
  await test.runtime.refresh(WORKSPACE, id)
  await expect(test.call(id, MAIN, {}, { action: 'resource.read' })).rejects.toMatchObject({
    code: 'definition_changed',
  })
})

const small = Buffer.from('')
it.each<[string, unknown]>([
  ['that has no fixed files', entry('dynamic')],
  ['without the file it is named after', entry([file(PICTURE, small)])],
  ['with a file twice', entry([file(MAIN, small), file(MAIN, small)])],
  ['with a file outside of it', entry([file(MAIN, small), file('skill://other/x', small)])],
  ['with a digest that is none', entry([{ ...file(MAIN, small), digest: 'sha256:00' }])],
  ['with a size that is none', entry([{ ...file(MAIN, small), size: -1 }])],
  [
    'with more than 512 files',
    entry([
      file(MAIN, small),
      ...Array.from({ length: 512 }, (_, at) => file(`skill://review/${at}`, small)),
    ]),
  ],
  ['of more than 16 MiB', entry([{ ...file(MAIN, small), size: 16 * 1024 * 1024 + 1 }])],
  ['of another scheme', { ...entry(), uri: 'https://review/SKILL.md' }],
  ['without frontmatter', { ...entry(), frontmatter: 'review' }],
])('leaves out a skill %s (MCP-142)', async (_, wrong) => {
  await using server = await serving([wrong], {})
  await using test = await openTestRuntime()
  const id = await test.ready(httpDefinition(server.url))
  expect(test.runtime.items(WORKSPACE, id)).toEqual([])
})
