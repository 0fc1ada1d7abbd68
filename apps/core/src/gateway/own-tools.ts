import { sha256Hex } from '../crypto/digest.ts'
import type { CallResult } from '../model/call.ts'
import type { CatalogueEntry } from '../model/catalogue.ts'
import { ownServer, shownName, type OwnToolName } from '../model/own-tools.ts'
import type { Principal } from '../model/principal.ts'
import type { Profile } from '../model/profile.ts'
import type { View } from './lists/views.ts'

/** A tool of Peta itself (MCP-103). Adding one takes its name in `model/own-tools.ts` and a row where Core is joined. */
export type OwnTool = Readonly<{
  /** Without the prefix that clients see. */
  name: OwnToolName
  title: string
  description: string
  inputSchema: Readonly<Record<string, unknown>>
  /** Whether an endpoint has it, in lists and for calls: the one for everything, or that of a profile. */
  isOffered: (profile: Profile | undefined) => boolean
  answer: (asked: OwnToolCall, signal: AbortSignal) => Promise<OwnToolAnswer>
}>

/** A call of an own tool that was decided and recorded; `args` fit the input schema. */
export type OwnToolCall = Readonly<{ principal: Principal; view: View; args: unknown }>

/** For models as text, for programs as it is. */
export type OwnToolAnswer = Readonly<{
  text: string
  structured?: Readonly<Record<string, unknown>>
  isError?: boolean
}>

export type OwnTools = Readonly<{
  /** What an endpoint has of them, as a catalogue holds tools. */
  entries: (profile: Profile | undefined) => readonly CatalogueEntry[]
  /** What answers a call of an entry in place of a server; undefined for a tool of a server. */
  answering: (
    entry: CatalogueEntry,
    asked: OwnToolCall,
  ) => ((signal: AbortSignal) => Promise<CallResult>) | undefined
}>

export function createOwnTools(tools: readonly OwnTool[]): OwnTools {
  const toolOf = new Map(tools.map((tool) => [entryOf(tool), tool]))

  return {
    entries: (profile) =>
      [...toolOf].filter(([, tool]) => tool.isOffered(profile)).map(([entry]) => entry),
    answering(entry, asked) {
      const tool = toolOf.get(entry)
      return tool && (async (signal) => resultOf(await tool.answer(asked, signal)))
    },
  }
}

function entryOf({ name, title, description, inputSchema }: OwnTool): CatalogueEntry {
  const definition = JSON.stringify({ name, title, description, inputSchema })
  return {
    server: ownServer,
    item: {
      serverId: ownServer.id,
      kind: 'tool',
      name,
      exposed: shownName(name),
      definition,
      pin: sha256Hex(definition),
      state: 'accepted',
      labels: [],
      risk: 0,
    },
  }
}

function resultOf({ text, structured, isError = false }: OwnToolAnswer): CallResult {
  const result = {
    content: [{ type: 'text', text }],
    ...(structured && { structuredContent: structured }),
    ...(isError && { isError }),
  }
  const bytes = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 0, result }))
  return { bytes, serverEra: 'legacy', isError }
}
