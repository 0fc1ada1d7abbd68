import { decodeBase64 } from './base64.ts'
import {
  parseObject,
  type ExportCheckpoint,
  type ExportEvent,
  type Members,
} from './export-format.ts'
import { appendLeaves, emptyFrontier, leafHash, rootOf, type Frontier } from './merkle.ts'
import { openNote, parseCheckpoint, type Checkpoint } from './note.ts'
import type { Finding, LogReport } from './report.ts'

/** What is given from outside the export. */
export type Trust = Readonly<{
  deploymentId: string
  workspaceId: string | undefined
  publicKeys: readonly Uint8Array[]
}>

/** The check of one log: fed with its records in order, it holds the frontier and little else. */
export type LogCheck = Readonly<{
  /** The parsed body, once it is known to be what was hashed. */
  event: (record: ExportEvent) => Members | undefined
  checkpoint: (record: ExportCheckpoint) => void
  /** A line that is no record, where one of this log was expected. */
  unreadable: () => void
  /** Expects this root once that many entries are read. Call before reading starts. */
  expect: (checkpoint: Checkpoint) => void
  size: () => number
  root: () => Uint8Array
  find: (finding: Finding) => void
  report: () => LogReport
}>

export const logNameOf = (deploymentId: string, logId: string): string =>
  `peta/${deploymentId}/${logId}`

export function createLogCheck(logId: string, trust: Trust): LogCheck {
  const state: State = {
    name: logNameOf(trust.deploymentId, logId),
    frontier: emptyFrontier,
    provenSize: 0,
    lastTs: Number.NEGATIVE_INFINITY,
    backwardsInTime: 0,
    expected: [],
    found: undefined,
  }
  return {
    find: (finding) => find(state, finding),
    size: () => state.frontier.size,
    root: () => rootOf(state.frontier),
    expect(checkpoint) {
      state.expected.push(checkpoint)
    },
    unreadable: () =>
      tampered(state, state.frontier.size, 'a line is not in the form of an export'),
    event: (record) => (isOver(state) ? undefined : takeEvent(state, record, { logId, trust })),
    checkpoint(record) {
      if (!isOver(state)) takeCheckpoint(state, record, trust)
    },
    report: () => reportOf(state, logId),
  }
}

type State = {
  readonly name: string
  readonly expected: Checkpoint[]
  frontier: Frontier
  provenSize: number
  lastTs: number
  backwardsInTime: number
  found: Finding | undefined
}

function find(state: State, finding: Finding): void {
  state.found = worse(state.found, finding)
}

function tampered(state: State, index: number, problem: string): void {
  find(state, { verdict: 'tampered', index, problem })
}

/** After an entry that is wrong nothing more can be told apart. */
const isOver = (state: State): boolean => state.found?.verdict === 'tampered'

type Place = Readonly<{ logId: string; trust: Trust }>

function takeEvent(state: State, record: ExportEvent, place: Place): Members | undefined {
  const index = state.frontier.size
  const { problem, body } = readEntry(record, index, place)
  if (problem !== undefined) {
    tampered(state, index, problem)
    return undefined
  }
  state.frontier = appendLeaves(state.frontier, [Buffer.from(record.leaf, 'hex')])
  for (const { size, root } of state.expected) {
    if (size === state.frontier.size && !isSame(root, rootOf(state.frontier))) {
      tampered(state, 0, `the checkpoint given for size ${size} has another root`)
    }
  }
  if (body) noteTime(state, Number(body['ts']))
  return body
}

function noteTime(state: State, ts: number): void {
  if (ts < state.lastTs) state.backwardsInTime += 1
  state.lastTs = Math.max(state.lastTs, ts)
}

function takeCheckpoint(state: State, { size, note }: ExportCheckpoint, trust: Trust): void {
  const { frontier, name, provenSize } = state
  if (size !== frontier.size) {
    tampered(
      state,
      frontier.size,
      `a checkpoint of size ${size} stands after ${frontier.size} entries`,
    )
    return
  }
  const text = openNote(note, name, trust.publicKeys)
  const checkpoint = text === undefined ? undefined : parseCheckpoint(text)
  if (!checkpoint) {
    tampered(state, provenSize, `the checkpoint of size ${size} is not signed by a known key`)
  } else if (checkpoint.origin !== name || checkpoint.size !== size) {
    tampered(state, provenSize, `the checkpoint of size ${size} is another one`)
  } else if (!isSame(checkpoint.root, rootOf(frontier))) {
    tampered(state, provenSize, `the entries do not give the signed root of size ${size}`)
  } else {
    state.provenSize = size
  }
}

function reportOf(state: State, logId: string): LogReport {
  const { size } = state.frontier
  for (const beyond of state.expected.filter((one) => one.size > size)) {
    const problem = `the checkpoint given has ${beyond.size} entries; the rest is missing`
    find(state, { verdict: 'incomplete', index: size, problem })
  }
  if (state.provenSize < size) {
    const problem = 'no checkpoint covers the last entries'
    find(state, { verdict: 'incomplete', index: state.provenSize, problem })
  }
  const { found, provenSize, backwardsInTime } = state
  return {
    logId,
    size,
    provenSize,
    verdict: found?.verdict ?? 'verified',
    ...(found && { firstBadIndex: found.index, problem: found.problem }),
    backwardsInTime,
  }
}

/** Tampering outweighs what is merely missing; of two alike the first found stays. */
function worse(before: Finding | undefined, next: Finding): Finding {
  if (!before) return next
  return before.verdict === 'incomplete' && next.verdict === 'tampered' ? next : before
}

type Entry = Readonly<{ body?: Members; problem?: string }>

function readEntry(record: ExportEvent, index: number, { logId, trust }: Place): Entry {
  if (record.idx !== index) return { problem: `entry ${record.idx} stands where ${index} belongs` }
  if (record.e === undefined) {
    return trust.workspaceId === undefined ? { problem: 'the bytes of an entry are missing' } : {}
  }
  const bytes = decodeBase64(record.e)
  if (!bytes || leafHash(bytes).toString('hex') !== record.leaf) {
    return { problem: 'the bytes of an entry do not give its hash' }
  }
  const body = parseObject(bytes.toString('utf8'))
  if (!body) return { problem: 'the bytes of an entry are no JSON object' }
  if (body['idx'] !== index || body['log_id'] !== logId) {
    return { problem: 'the bytes of an entry belong to another place' }
  }
  if (trust.workspaceId !== undefined && body['workspace_id'] !== trust.workspaceId) {
    return { problem: 'an entry of another workspace is shown' }
  }
  return { body }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
