import type { Action } from '../model/call.ts'
import { isOwn } from '../model/own-tools.ts'
import type { ServerRef } from '../model/server.ts'
import { compileGlob, type Glob } from './glob.ts'
import {
  parseResourceSelector,
  targetsOf,
  type ResourceSelector,
  type TargetKind,
} from './scope.ts'

/** What a call, or an entry of a list, is aimed at. */
export type Target = Readonly<{
  action: Action
  server: ServerRef
  /** Labels of the catalogue entry, when there is one. */
  labels: readonly string[]
  kind?: TargetKind
  /** Absent for a URI template, which stands for URIs that are not known yet. */
  name?: string
}>

/** `surely` is false where a rule is about some URIs of a template. */
export type Found<R> = ReadonlyMap<R, Readonly<{ surely: boolean }>>

export type RuleIndex<R> = Readonly<{ find: (target: Target) => Found<R> }>

type Scoped = Readonly<{
  scope: Readonly<{ actions: readonly Action[]; resources: readonly string[] }>
}>

type Shelf<R> = Readonly<{
  any: R[]
  exact: Map<string, R[]>
  globs: Map<string, Readonly<{ glob: Glob; rule: R }>[]>
}>

const SURE = { surely: true } as const
const UNSURE = { surely: false } as const

/**
 * Rules by action and by what they name, so that a decision looks only at rules that can be about it (POL-3). The
 * order of rules plays no part.
 */
export function createRuleIndex<R extends Scoped>(rules: readonly R[]): RuleIndex<R> {
  const shelves = new Map<Action, Shelf<R>>()
  for (const rule of rules) {
    for (const action of new Set(rule.scope.actions)) {
      const shelf = shelves.get(action) ?? { any: [], exact: new Map(), globs: new Map() }
      shelves.set(action, shelf)
      for (const text of rule.scope.resources)
        place(shelf, action, parseResourceSelector(text), rule)
    }
  }
  return {
    find(target) {
      const shelf = shelves.get(target.action)
      return shelf ? collect(shelf, target) : new Map()
    },
  }
}

// oxlint-disable-next-line max-params -- where, under what, and what
function place<R>(
  shelf: Shelf<R>,
  action: Action,
  selector: ResourceSelector | undefined,
  rule: R,
): void {
  if (!selector) return
  if (selector.kind === 'any') shelf.any.push(rule)
  else if ('value' in selector) push(shelf.exact, keyOf(selector.kind, selector.value), rule)
  else if (targetsOf[action].includes(selector.kind)) placeTarget(shelf, selector, rule)
}

function placeTarget<R>(
  shelf: Shelf<R>,
  { kind, server, pattern }: Extract<ResourceSelector, { pattern: string }>,
  rule: R,
): void {
  const glob = compileGlob(pattern)
  if (glob.isLiteral && kind !== 'resource') push(shelf.exact, keyOf(kind, server, pattern), rule)
  else push(shelf.globs, keyOf(kind, server), { glob, rule })
}

function collect<R>(shelf: Shelf<R>, target: Target): Found<R> {
  const found = new Map<R, Readonly<{ surely: boolean }>>()
  const add = (rules: readonly R[] | undefined): void => {
    if (rules) for (const rule of rules) found.set(rule, SURE)
  }
  const { server, labels, kind, name } = target

  // What is said of anything is said of servers; Peta's own tools are meant where they are named.
  if (!isOwn(server)) add(shelf.any)
  add(shelf.exact.get(keyOf('server', server.slug)))
  for (const label of labels) add(shelf.exact.get(keyOf('label', label)))
  for (const label of server.labels) add(shelf.exact.get(keyOf('label', label)))
  if (kind === undefined) return found

  if (name !== undefined) add(shelf.exact.get(keyOf(kind, server.slug, name)))
  for (const { glob, rule } of shelf.globs.get(keyOf(kind, server.slug)) ?? []) {
    if (name === undefined) found.set(rule, found.get(rule) ?? UNSURE)
    else if (glob.matches(name)) found.set(rule, SURE)
  }
  return found
}

/** NUL is in no slug, label or kind, so keys of different parts never meet. */
const keyOf = (...parts: readonly string[]): string => parts.join('\0')

function push<T>(shelf: Map<string, T[]>, key: string, entry: T): void {
  const entries = shelf.get(key)
  if (entries) entries.push(entry)
  else shelf.set(key, [entry])
}
