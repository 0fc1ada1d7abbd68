import { z } from 'zod'

import { CoreError } from '../../ground/errors.ts'
import type { CatalogueEntry } from '../../model/catalogue.ts'
import { isOwn, shownName } from '../../model/own-tools.ts'
import type { Profile } from '../../model/profile.ts'
import { isForModels } from '../lists/app-tools.ts'
import type { OwnTool, OwnToolAnswer } from '../own-tools.ts'
import { renderItem } from '../lists/render-item.ts'
import { aliasIn, type View } from '../lists/views.ts'
import { rankTools } from './rank-tools.ts'

const QUERY_CHARS_MAX = 500
const FOUND_MAX = 20
const FOUND_DEFAULT = 8
const DESCRIPTION_CHARS_MAX = 300

const isSearchable = (profile: Profile | undefined): boolean => profile?.disclosure === 'search'

const toolName = {
  type: 'string',
  description: `Name of a tool, as ${shownName('search_tools')} gave it`,
} as const

/** What a profile lists in place of its tools: to find one, to read what it takes, to call it (MCP-145). */
export const searchTools: readonly OwnTool[] = [
  {
    name: 'search_tools',
    title: 'Search tools',
    description: `Finds tools by words of what they do or are called, best first. Read one with ${shownName('describe_tool')} before you call it with ${shownName('call_tool')}.`,
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', minLength: 1, maxLength: QUERY_CHARS_MAX },
        limit: { type: 'integer', minimum: 1, maximum: FOUND_MAX, default: FOUND_DEFAULT },
      },
      required: ['query'],
      additionalProperties: false,
    },
    isOffered: isSearchable,
    answer: async ({ view, args }) => found(view, Search.parse(args)),
  },
  {
    name: 'describe_tool',
    title: 'Describe a tool',
    description: 'Gives the definition of a tool, with the schema of its arguments.',
    inputSchema: {
      type: 'object',
      properties: { name: toolName },
      required: ['name'],
      additionalProperties: false,
    },
    isOffered: isSearchable,
    answer: async ({ view, args }) => described(view, Described.parse(args).name),
  },
  {
    name: 'call_tool',
    title: 'Call a tool',
    description: 'Calls a tool, with arguments that fit its schema.',
    inputSchema: {
      type: 'object',
      properties: { name: toolName, arguments: { type: 'object' } },
      required: ['name'],
      additionalProperties: false,
    },
    isOffered: isSearchable,
    // What it calls is taken out of it before anything is decided (MCP-146); there is nothing to do for it as such.
    answer: () => Promise.reject(new CoreError('name_unknown')),
  },
]

const Search = z.object({ query: z.string(), limit: z.int().default(FOUND_DEFAULT) })
const Described = z.object({ name: z.string() })

function found(view: View, { query, limit }: z.infer<typeof Search>): OwnToolAnswer {
  const tools = rankTools(view.tools.filter(isForModels), query)
    .slice(0, limit)
    .map((entry) => summary(view, entry))
  const lines = tools.map(({ name, description }) => `${name}: ${description}`)
  const text = lines.length === 0 ? 'No tool matches. Try other words.' : lines.join('\n')
  return { text, structured: { tools } }
}

const Summed = z.looseObject({
  title: z.string().optional().catch(undefined),
  description: z.string().default('').catch(''),
})

/** The definition as a list would show it. */
const shown = (view: View, entry: CatalogueEntry): string =>
  renderItem(entry, aliasIn(view, entry.server), 'modern').toString('utf8')

function summary(view: View, entry: CatalogueEntry) {
  const { title, description } = Summed.parse(JSON.parse(shown(view, entry)))
  return {
    name: entry.item.exposed,
    ...(title !== undefined && { title }),
    description: description.slice(0, DESCRIPTION_CHARS_MAX).toWellFormed(),
  }
}

/** What is hidden is unknown here as everywhere (MCP-107). @throws CoreError `name_unknown` */
function described(view: View, name: string): OwnToolAnswer {
  const entry = view.find('tool', name)
  if (!entry || isOwn(entry.server)) throw new CoreError('name_unknown')
  return { text: shown(view, entry) }
}
