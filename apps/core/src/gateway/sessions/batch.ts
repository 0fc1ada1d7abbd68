import { CoreError } from '../../ground/errors.ts'
import { OPEN_ARRAY, isSpace } from '../../protocol/json-bytes.ts'
import { parseClientMessage } from '../../protocol/frame.ts'
import { header, type Headers } from '../../protocol/headers.ts'
import { readElements } from '../../protocol/members.ts'
import { isLaterVersion, takesBatches } from '../../protocol/rev-2025-11-25/version.ts'
import { wholeOf } from '../../protocol/splice.ts'
import type { Mcp } from '../mcp.ts'
import { type McpReply, renderFailure } from '../outcome.ts'
import type { SessionIds } from './session-ids.ts'

const MEMBERS_MAX = 20

/**
 * Takes the array of messages that one revision allows, in its sessions only. Each member goes the whole way by
 * itself, as if it had come alone: whose session it is, what the rules say and what is recorded is decided for each
 * (MCP-37). Every other array is refused by what takes single messages.
 */
export function withBatches<T extends Pick<Mcp, 'handle'>>(
  ids: Pick<SessionIds, 'read'>,
  mcp: T,
): T {
  const handleBatch: Mcp['handle'] = async (request, outlet, closed) => {
    try {
      if (!mayBatch(ids, request.headers)) return mcp.handle(request, outlet, closed)
      const replies = readBatch(request.body).map((member) =>
        mcp.handle({ ...request, body: member }, { notify: outlet.notify }, closed),
      )
      return joined(await Promise.all(replies))
    } catch (error) {
      return renderFailure(error)
    }
  }

  return {
    ...mcp,
    handle: (request, outlet, closed) =>
      isArray(request.body)
        ? handleBatch(request, outlet, closed)
        : mcp.handle(request, outlet, closed),
  }
}

/** Only what the session was sealed with is read here; each member is then checked against its owner. */
function mayBatch(ids: Pick<SessionIds, 'read'>, headers: Headers): boolean {
  if (isLaterVersion(header(headers, 'mcp-protocol-version') ?? '')) return false
  const version = ids.read(header(headers, 'mcp-session-id') ?? '')?.version
  return version !== undefined && takesBatches(version)
}

/** @throws CoreError `not_json`, `frame_invalid`, before anything of it was acted on */
function readBatch(body: Buffer): readonly Buffer[] {
  parseClientMessage(body)
  const members = readElements(body, [startOf(body), body.length]).map((span) =>
    body.subarray(...span),
  )
  if (members.length === 0) throw refused('the batch is empty')
  if (members.length > MEMBERS_MAX) throw refused(`a batch has at most ${MEMBERS_MAX} messages`)
  if (members.some(isInitialize)) throw refused('initialize is no part of a batch')
  return members
}

function isInitialize(member: Buffer): boolean {
  try {
    const message = parseClientMessage(member)
    return 'frame' in message && message.frame.method === 'initialize'
  } catch {
    // No message at all: it is refused by itself, and the others are not.
    return false
  }
}

/** Notifications have no answer; where nothing else came, neither has the batch. */
function joined(replies: readonly McpReply[]): McpReply {
  const bodies = replies.map(({ body }) => body).filter((body) => body !== undefined)
  if (bodies.length === 0) return { status: 202 }
  const parts = bodies.map(wholeOf).flatMap((body, index) => (index === 0 ? [body] : [COMMA, body]))
  const approvalIds = replies.flatMap((reply) => reply.approvalIds ?? [])
  return {
    status: 200,
    body: Buffer.concat([OPEN, ...parts, CLOSE]),
    ...(approvalIds.length > 0 && { approvalIds }),
  }
}

const OPEN = Buffer.from('[')
const COMMA = Buffer.from(',')
const CLOSE = Buffer.from(']')

const isArray = (body: Buffer): boolean => body[startOf(body)] === OPEN_ARRAY

function startOf(body: Buffer): number {
  let at = 0
  while (isSpace(body[at])) at += 1
  return at
}

const refused = (problem: string): CoreError => new CoreError('frame_invalid', { problem })
