import type { Span } from '../../model/frame.ts'
import { contentBlocks, findMember } from '../content-blocks.ts'
import { OPEN_OBJECT } from '../json-bytes.ts'
import { type Member, readElements, readMembers, readValue } from '../members.ts'
import { exposedUri } from '../names.ts'
import type { Edit } from '../splice.ts'
import type { LegacyVersion } from './version.ts'

/** A result on its way to a client of one of these revisions. */
export type Fitting = Readonly<{
  bytes: Buffer
  result: Span
  structuredContent: Span | undefined
  version: LegacyVersion
  /** Slug of the server, for the URIs that clients see. */
  alias: string
}>

/** What has to change in it: values put in the place of others, members to add, members to take out. */
export type Fitted = Readonly<{
  replaced: readonly Edit[]
  added: readonly string[]
  removed: readonly Span[]
}>

const STRUCTURED_SINCE: LegacyVersion = '2025-06-18'

/** The first revision that knows a kind of content; what is not here, all of them know or all do not. */
const contentSince: ReadonlyMap<unknown, LegacyVersion> = new Map([
  ['audio', '2025-03-26'],
  ['resource_link', '2025-06-18'],
])

/**
 * Says what a revision cannot read in a form that it can: nothing is lost without a word, and nothing is made up
 * (MCP-62).
 */
export function fitResult(fitting: Fitting): Fitted {
  if (!fitting.structuredContent && fitting.version >= STRUCTURED_SINCE) return FITS
  const structured = fitStructured(fitting)
  return { ...structured, replaced: [...structured.replaced, ...fitBlocks(fitting)] }
}

/** Nothing has to change, as in most results. */
export const FITS: Fitted = { replaced: [], added: [], removed: [] }

/** A client that gets no content but what it cannot read gets that as text. */
function fitStructured({ bytes, result, structuredContent, version }: Fitting): Fitted {
  if (!structuredContent) return FITS
  const isObject = bytes[structuredContent[0]] === OPEN_OBJECT
  const removed = isObject ? [] : [structuredContent]
  const content = findMember(readMembers(bytes, result), 'content')
  const isReadable = isObject && version >= STRUCTURED_SINCE
  const isSaid = content !== undefined && readElements(bytes, content).length > 0
  if (isReadable || isSaid) return { replaced: [], added: [], removed }
  const text = `[${textBlock(bytes.toString('utf8', ...structuredContent))}]`
  return content
    ? { replaced: [{ span: content, text }], added: [], removed }
    : { replaced: [], added: [`"content":${text}`], removed }
}

function fitBlocks({ bytes, result, version, alias }: Fitting): readonly Edit[] {
  if (version >= STRUCTURED_SINCE) return []
  return contentBlocks(bytes, result).flatMap((span) => {
    const members = readMembers(bytes, span)
    const valueOf = (name: string): unknown => {
      const value = findMember(members, name)
      return value && readValue(bytes, value)
    }
    const kind = valueOf('type')
    const since = contentSince.get(kind)
    if (since === undefined || version >= since) return []
    const text = kind === 'audio' ? audioText(valueOf) : linkText(valueOf, alias)
    return [{ span, text: textBlock(text, keptMembers(bytes, members)) }]
  })
}

type ValueOf = (name: string) => unknown

const audioText = (valueOf: ValueOf): string =>
  `Audio (${String(valueOf('mimeType'))}), which this client's version of MCP does not carry.`

function linkText(valueOf: ValueOf, alias: string): string {
  const uri = valueOf('uri')
  const name = valueOf('title') ?? valueOf('name')
  const link = typeof uri === 'string' ? exposedUri(alias, uri) : ''
  return [name, link, valueOf('description')].filter((part) => typeof part === 'string').join('\n')
}

/** What every kind of content may have beside its own. */
const keptMembers = (bytes: Buffer, members: readonly Member[]): readonly string[] =>
  members
    .filter(({ name }) => name === 'annotations' || name === '_meta')
    .map(({ start, value }) => bytes.toString('utf8', start, value[1]))

const textBlock = (text: string, kept: readonly string[] = []): string =>
  `{${['"type":"text"', `"text":${JSON.stringify(text)}`, ...kept].join(',')}}`
