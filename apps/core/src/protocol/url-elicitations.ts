import type { ServerFrame, Span } from '../model/frame.ts'
import { findMember } from './content-blocks.ts'
import { OPEN_OBJECT } from './json-bytes.ts'
import { readElements, readMembers, readValue } from './members.ts'
import { removeMembers } from './remove-members.ts'
import { splice } from './splice.ts'

/** An address that a server wants its user to visit, as params of `elicitation/create`. */
export type UrlElicitation = Readonly<{
  id: string
  /** Where the id stands in the whole message. */
  idSpan: Span
  params: Buffer
}>

const URL_ELICITATION_REQUIRED = -32_042

/**
 * What has to be visited before a server can run a call: the list in an error of revision 2025-11-25. Undefined for
 * every other message; empty where not everything in it is what the revision says.
 */
export function requiredVisits({
  bytes,
  spans,
  code,
}: ServerFrame): readonly UrlElicitation[] | undefined {
  if (code !== URL_ELICITATION_REQUIRED || !spans.error) return undefined
  const data = findMember(readMembers(bytes, spans.error), 'data')
  const list = data && findMember(readMembers(bytes, data), 'elicitations')
  const read = list ? readElements(bytes, list).map((one) => readVisit(bytes, one)) : []
  const visits = read.filter((one) => one !== undefined)
  return visits.length === read.length ? visits : []
}

function readVisit(bytes: Buffer, object: Span): UrlElicitation | undefined {
  const members = readMembers(bytes, object)
  const [idSpan, mode, url] = ['elicitationId', 'mode', 'url'].map((name) =>
    findMember(members, name),
  )
  if (!idSpan || !mode || !url) return undefined
  const id = readValue(bytes, idSpan)
  const isWhole =
    typeof id === 'string' && readValue(bytes, mode) === 'url' && isAddress(readValue(bytes, url))
  return isWhole ? { id, idSpan, params: bytes.subarray(...object) } : undefined
}

/** Clients open it: nothing but a web page (SEC-28). */
const isAddress = (url: unknown): boolean =>
  typeof url === 'string' && /^https?:\/\//i.test(url) && URL.canParse(url)

/** The same answer, with each id in the place of the server's. */
export const withVisitIds = (
  bytes: Buffer,
  visits: readonly UrlElicitation[],
  idOf: (theirs: string) => string,
): Buffer =>
  splice(
    bytes,
    visits.map(({ id, idSpan }) => ({ span: idSpan, text: JSON.stringify(idOf(id)) })),
  )

/** The params of a question, with an id of their own where they ask for a visit; revision 2025-11-25 demands one. */
export function withElicitationId(
  params: Buffer,
  idOf: (theirs: string | undefined) => string,
): Buffer {
  if (!wantsVisit(params)) return params
  const span = findMember(readMembers(params, [0, params.length]), 'elicitationId')
  const theirs = span && readValue(params, span)
  const text = JSON.stringify(idOf(typeof theirs === 'string' ? theirs : undefined))
  return span
    ? splice(params, [{ span, text }])
    : splice(params, [{ span: [1, 1], text: `"elicitationId":${text},` }])
}

/** Whether params of a question ask for a visit. */
function wantsVisit(params: Buffer): boolean {
  const mode = findMember(readMembers(params, [0, params.length]), 'mode')
  return mode !== undefined && readValue(params, mode) === 'url'
}

/** The params of an elicitation for revisions that know no id of it. */
export function withoutElicitationId(params: Buffer): Buffer {
  if (params[0] !== OPEN_OBJECT) return params
  const id = findMember(readMembers(params, [0, params.length]), 'elicitationId')
  return id ? splice(params, removeMembers(params, [id])) : params
}
