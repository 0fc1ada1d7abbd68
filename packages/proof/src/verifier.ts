import {
  parseRecord,
  type ExportCheckpoint,
  type ExportEvent,
  type ExportHeader,
  type ExportRecord,
} from './export-format.ts'
import { createIntents, type Intents } from './intents.ts'
import { createLinks, type Links } from './links.ts'
import { createLogCheck, logNameOf, type LogCheck } from './log-check.ts'
import { openNote, parseCheckpoint, type Checkpoint } from './note.ts'
import { exitCodes, type LogReport, type Verdict, type VerifyReport } from './report.ts'

export type VerifyOptions = Readonly<{
  /** Raw public keys that are trusted. Without them those in the export are taken, which proves less. */
  publicKeys?: readonly Uint8Array[]
  /** Checkpoints kept elsewhere, as signed notes (AUD-2). */
  checkpoints?: readonly string[]
}>

/** Takes an export line by line and remembers a few hashes per log, so that its size does not matter. */
export type Verifier = Readonly<{
  push: (line: string) => void
  finish: () => VerifyReport
}>

export function createVerifier({ publicKeys, checkpoints = [] }: VerifyOptions = {}): Verifier {
  const state: State = {
    isSelfSigned: publicKeys === undefined,
    keys: [...(publicKeys ?? [])],
    checkpoints,
    checks: new Map(),
    intents: createIntents(),
    links: createLinks(),
    problems: [],
    header: undefined,
    current: undefined,
  }
  return {
    push(line) {
      const record = parseRecord(line)
      if (record) take(state, record)
      else if (state.current) state.current.unreadable()
      else state.problems.push('a line before the first entry is not in the form of an export')
    },
    finish: () =>
      state.header
        ? finish(state, state.header)
        : unusable('there is no header of an export in it'),
  }
}

type State = {
  readonly isSelfSigned: boolean
  readonly keys: Uint8Array[]
  readonly checkpoints: readonly string[]
  readonly checks: Map<string, LogCheck>
  readonly intents: Intents
  readonly links: Links
  readonly problems: string[]
  header: ExportHeader | undefined
  /** The log that the last entry or checkpoint belonged to. */
  current: LogCheck | undefined
}

function take(state: State, record: ExportRecord): void {
  switch (record.kind) {
    case 'export':
      if (state.header) state.problems.push('there are two headers')
      state.header ??= record
      return
    case 'key':
      if (state.isSelfSigned) state.keys.push(Buffer.from(record.public_key, 'base64'))
      return
    case 'event':
    case 'checkpoint':
      if (state.header) takeOfLog(state, checkOf(state, state.header, record.log_id), record)
  }
}

function takeOfLog(state: State, check: LogCheck, record: ExportEvent | ExportCheckpoint): void {
  state.current = check
  if (record.kind === 'checkpoint') {
    check.checkpoint(record)
    return
  }
  const body = check.event(record)
  if (!body) return
  state.intents.note(body)
  state.links.note(record.log_id, body)
}

function checkOf(state: State, header: ExportHeader, logId: string): LogCheck {
  const known = state.checks.get(logId)
  if (known) return known
  const check = createLogCheck(logId, {
    deploymentId: header.deployment_id,
    workspaceId: header.workspace_id,
    publicKeys: state.keys,
  })
  const name = logNameOf(header.deployment_id, logId)
  for (const checkpoint of outside(state.checkpoints, name, state.keys)) check.expect(checkpoint)
  state.checks.set(logId, check)
  return check
}

function finish(state: State, header: ExportHeader): VerifyReport {
  for (const { log_id, size } of header.logs) expectSize(checkOf(state, header, log_id), size)
  state.links.check(state.checks)
  const listed = new Set(header.logs.map((log) => log.log_id))
  for (const logId of state.checks.keys()) {
    if (!listed.has(logId)) state.problems.push(`log ${logId} is not one that the header lists`)
  }
  const names = [...state.checks.keys()].map((logId) => logNameOf(header.deployment_id, logId))
  const strangers = state.checkpoints.filter(
    (note) => !names.some((name) => outside([note], name, state.keys).length > 0),
  )
  const logs = [...state.checks.values()].map((check) => check.report())
  return {
    ...verdictOf(state.problems, logs, strangers.length),
    logs,
    openIntents: state.intents.open(),
    unproven: unprovenOf(header, state.isSelfSigned),
  }
}

const unusable = (problem: string): VerifyReport => ({
  verdict: 'unusable',
  exitCode: exitCodes.unusable,
  problem,
  logs: [],
  openIntents: { count: 0, first: [] },
  unproven: [],
})

/** The checkpoints among those given that belong to a log and are signed by a trusted key. */
const outside = (
  notes: readonly string[],
  name: string,
  keys: readonly Uint8Array[],
): readonly Checkpoint[] =>
  notes.flatMap((note) => {
    const text = openNote(note, name, keys)
    const checkpoint = text === undefined ? undefined : parseCheckpoint(text)
    return checkpoint?.origin === name ? [checkpoint] : []
  })

function expectSize(check: LogCheck, size: number): void {
  const index = check.size()
  if (index < size) {
    check.find({ verdict: 'incomplete', index, problem: `${size - index} entries are missing` })
  } else if (index > size) {
    check.find({ verdict: 'tampered', index: size, problem: 'there are more entries than listed' })
  }
}

function verdictOf(
  problems: readonly string[],
  logs: readonly LogReport[],
  strangers: number,
): Pick<VerifyReport, 'verdict' | 'exitCode' | 'problem'> {
  const [problem] = problems
  if (problem !== undefined) return { ...graded('tampered'), problem }
  if (logs.some((log) => log.verdict === 'tampered')) return graded('tampered')
  if (strangers > 0) {
    const sentence = `${strangers} of the checkpoints given belong to no log in this export, or are signed by no known key`
    return { ...graded('incomplete'), problem: sentence }
  }
  return graded(logs.some((log) => log.verdict === 'incomplete') ? 'incomplete' : 'verified')
}

const graded = (verdict: Verdict) => ({ verdict, exitCode: exitCodes[verdict] })

const unprovenOf = (header: ExportHeader, isSelfSigned: boolean): readonly string[] => [
  ...(isSelfSigned
    ? ['The keys came with the export: whoever could replace it could replace them.']
    : []),
  ...(header.workspace_id === undefined
    ? []
    : ['Entries of other workspaces are bare hashes; what they say was not looked at.']),
]
