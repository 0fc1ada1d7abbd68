import { CoreError } from '../../ground/errors.ts'
import type { CatalogueEntry } from '../../model/catalogue.ts'
import type { Era } from '../../model/frame.ts'
import type { CatalogueItem } from '../../model/server.ts'
import { metaKeys } from '../../protocol/meta-keys.ts'
import { exposedUri } from '../../protocol/names.ts'
import { skillFiles, type SkillFile } from '../../protocol/skills.ts'
import { renderItem } from './render-item.ts'
import { aliasIn, type View } from './views.ts'

const known = new WeakMap<CatalogueItem, readonly SkillFile[]>()

/** The manifest of an accepted skill, read once. */
function filesOf(item: CatalogueItem): readonly SkillFile[] {
  const made = known.get(item) ?? skillFiles(JSON.parse(item.definition)) ?? []
  known.set(item, made)
  return made
}

/** The skill that a URI is a file of, and the server's own URI of it (MCP-142). */
export function findSkillFile(
  view: View,
  uri: string,
): Readonly<{ entry: CatalogueEntry; uri: string }> | undefined {
  for (const entry of view.entries('skill')) {
    const alias = aliasIn(view, entry.server)
    const file = filesOf(entry.item).find((one) => exposedUri(alias, one.uri) === uri)
    if (file) return { entry, uri: file.uri }
  }
  return undefined
}

export type SkillQuestion = Readonly<{
  view: View
  uri: unknown
  era: Era
  serverInfo: string
}>

type Answer = (question: SkillQuestion) => readonly (Buffer | string)[]

/**
 * What clients ask about skills besides their list, answered from manifests as they were accepted: no server is asked.
 *
 * @throws CoreError `name_unknown`, `params_invalid`
 */
export const skillAnswers: ReadonlyMap<string, Answer> = new Map([
  ['skills/get', entryOf],
  ['resources/directory/read', childrenOf],
])

function entryOf(question: SkillQuestion): readonly (Buffer | string)[] {
  const { view, era } = question
  const entry = view.find('skill', readUri(question))
  if (!entry) throw new CoreError('name_unknown')
  return ['{"skill":', renderItem(entry, aliasIn(view, entry.server), era), tail(question)]
}

/** The direct children of a directory inside a skill; one that holds nothing is none. */
function childrenOf(question: SkillQuestion): readonly string[] {
  const { view } = question
  const root = `${readUri(question).replace(/\/$/, '')}/`
  const children = new Map<string, object>()
  for (const { server, item } of view.entries('skill')) {
    for (const { uri: own, size } of filesOf(item)) {
      const uri = exposedUri(aliasIn(view, server), own)
      if (!isWithin(uri, root, exposedUri(aliasIn(view, server), item.name))) continue
      const [name = '', ...below] = uri.slice(root.length).split('/')
      const file = below.length === 0 ? { size } : { mimeType: 'inode/directory' }
      children.set(name, { uri: `${root}${name}`, name, ...file })
    }
  }
  if (children.size === 0) throw new CoreError('name_unknown')
  return [`{"resources":${JSON.stringify([...children.values()])}`, tail(question)]
}

/** A directory is the skill's own or one below it: what is above holds the skills of others too. */
const isWithin = (uri: string, root: string, skill: string): boolean =>
  uri.startsWith(root) && root.startsWith(skill.slice(0, -'SKILL.md'.length))

function readUri({ uri }: SkillQuestion): string {
  if (typeof uri === 'string') return uri
  throw new CoreError('params_invalid', { problem: 'uri is not a string.' })
}

function tail({ view, era, serverInfo }: SkillQuestion): string {
  if (era === 'legacy') return '}'
  const meta = `"_meta":{"${metaKeys.serverInfo}":${serverInfo}}`
  return `,"resultType":"complete","ttlMs":${view.ttlMs('skill')},"cacheScope":"private",${meta}}`
}
