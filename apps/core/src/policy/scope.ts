import type { Action } from '../model/call.ts'

/** Whom a rule is about, as it stands in `scope.principals`. */
export type PrincipalSelector =
  | Readonly<{ kind: 'any' }>
  | Readonly<{
      kind: 'user' | 'group' | 'role' | 'agent' | 'client' | 'agent-label'
      value: string
    }>

export type TargetKind = 'tool' | 'prompt' | 'resource' | 'method'

/** What a rule is about, as it stands in `scope.resources`. */
export type ResourceSelector =
  | Readonly<{ kind: 'any' }>
  | Readonly<{ kind: 'server' | 'label'; value: string }>
  | Readonly<{ kind: TargetKind; server: string; pattern: string }>

const PRINCIPAL = /^(user|group|role|agent|client|agent-label):(\S{1,256})$/
const NAMED = /^(server|label):(\S{1,64})$/
const TARGET = /^(tool|prompt|resource|method):([^/\s*]{1,64})\/(\S{1,512})$/

/** Undefined when the text is no selector. */
export function parsePrincipalSelector(text: string): PrincipalSelector | undefined {
  if (text === 'any') return { kind: 'any' }
  const [, kind, value] = PRINCIPAL.exec(text) ?? []
  if (kind === undefined || value === undefined) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the pattern lists exactly these kinds
  return { kind: kind as 'user', value }
}

/** Undefined when the text is no selector. */
export function parseResourceSelector(text: string): ResourceSelector | undefined {
  if (text === 'any') return { kind: 'any' }
  const [, named, value] = NAMED.exec(text) ?? []
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the pattern lists exactly these kinds
  if (named !== undefined && value !== undefined) return { kind: named as 'server', value }
  const [, kind, server, pattern] = TARGET.exec(text) ?? []
  if (kind === undefined || server === undefined || pattern === undefined) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the pattern lists exactly these kinds
  return { kind: kind as TargetKind, server, pattern }
}

/** Which kind of target an action is aimed at; requests from a server to its client have none. */
export const targetsOf: Readonly<Record<Action, readonly TargetKind[]>> = {
  'tool.call': ['tool'],
  'resource.read': ['resource'],
  'prompt.get': ['prompt'],
  'completion.get': ['prompt', 'resource'],
  'client.sample': [],
  'client.elicit': [],
  'client.roots': [],
  'rpc.other': ['method'],
}

/** Where a person can be asked (POL-20). */
export const askableActions: ReadonlySet<Action> = new Set<Action>([
  'tool.call',
  'resource.read',
  'prompt.get',
])
