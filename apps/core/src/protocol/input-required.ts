import type { ServerFrame, Span } from '../model/frame.ts'
import { type Member, readMembers, readValue } from './members.ts'
import { readServerFrame } from './server-frame.ts'
import { splice } from './splice.ts'

/** One question of a result that is none yet. */
export type InputRequest = Readonly<{
  key: string
  method: string
  /** Its params, byte for byte. */
  params: Buffer
}>

/** What a modern server wants before it goes on (revision 2026-07-28, multi round-trip requests). */
export type InputRequired = Readonly<{
  requests: readonly InputRequest[]
  /** Opaque; goes back exactly. */
  requestState?: string
}>

/** As every server writes it. */
const INPUT_REQUIRED = '"input_required"'

/** Undefined for every other message, and for a result that asks for nothing at all. */
export function inputRequired({ bytes, spans }: ServerFrame): InputRequired | undefined {
  if (!spans.result || !spans.resultType) return undefined
  // Spelled with escapes it is another type to everyone here, and refused: nothing may tell them apart in two ways.
  if (bytes.toString('latin1', ...spans.resultType) !== INPUT_REQUIRED) return undefined
  const members = membersOf(bytes, spans.result)
  const requestState = stringAt(bytes, members.get('requestState'))
  const asked = members.get('inputRequests')
  const requests = asked ? readRequests(bytes, asked.value) : []
  if (requests.length === 0 && requestState === undefined) return undefined
  return { requests, ...(requestState !== undefined && { requestState }) }
}

/** The questions in an object that has each under its key. */
export const readRequests = (bytes: Buffer, requests: Span): readonly InputRequest[] =>
  readMembers(bytes, requests).map((one) => readRequest(bytes, one))

function readRequest(bytes: Buffer, { name, value }: Member): InputRequest {
  const members = membersOf(bytes, value)
  const params = members.get('params')
  const isObject = params !== undefined && bytes[params.value[0]] === OPEN
  return {
    key: name,
    method: stringAt(bytes, members.get('method')) ?? '',
    params: isObject ? bytes.subarray(...params.value) : Buffer.from('{}'),
  }
}

const OPEN = '{'.charCodeAt(0)

const membersOf = (bytes: Buffer, object: Span): ReadonlyMap<string, Member> =>
  new Map(readMembers(bytes, object).map((member) => [member.name, member]))

function stringAt(bytes: Buffer, member: Member | undefined): string | undefined {
  const value = member && readValue(bytes, member.value)
  return typeof value === 'string' ? value : undefined
}

/** A state of Peta's in the place of the server's own, or beside what has none. */
export function withRequestState(body: Buffer, requestState: string): Buffer {
  const { result } = readServerFrame(body).spans
  if (!result) throw new RangeError('only a result holds a request state')
  const text = JSON.stringify(requestState)
  const theirs = readMembers(body, result).find(({ name }) => name === 'requestState')
  if (theirs) return splice(body, [{ span: theirs.value, text }])
  const at = result[0] + 1
  return splice(body, [{ span: [at, at], text: `"requestState":${text},` }])
}
