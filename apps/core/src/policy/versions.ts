import { z } from 'zod'

import { CoreError } from '../ground/errors.ts'
import type { Store } from '../store/store.ts'
import { diffPolicies, type PolicyDiff } from './diff.ts'
import { parsePolicy } from './parse.ts'
import { policyProblems, type PolicyProblem, type PolicyProblemCode } from './problem.ts'

/** A version without its text. */
export type PolicyVersionSummary = Readonly<{
  version: number
  digest: string
  base: number
  author: string
  reason: string
  publishedAtMs: number
  isActive: boolean
}>

export type PolicyVersion = PolicyVersionSummary &
  Readonly<{ source: string; report: readonly PolicyProblem[] }>

export type Versions = Readonly<{
  /** Newest first, at most 200; those older than `before` when it is given. */
  versions: (
    workspaceId: string,
    page?: Readonly<{ before?: number; limit?: number }>,
  ) => Promise<readonly PolicyVersionSummary[]>
  /** Undefined when there is no such version. */
  read: (workspaceId: string, version: number) => Promise<PolicyVersion | undefined>
  /** @throws CoreError `not_found` */
  diff: (workspaceId: string, from: number, to: number) => Promise<PolicyDiff>
}>

const PAGE = 50

const Report = z.array(
  z.object({
    severity: z.enum(['error', 'warning']),
    code: z.string().refine((code): code is PolicyProblemCode => code in policyProblems),
    rule: z.string().optional(),
    line: z.int().optional(),
    column: z.int().optional(),
    message: z.string(),
    remedy: z.string(),
  }),
)

export function createVersions(store: Pick<Store, 'query'>): Versions {
  async function read(workspaceId: string, version: number): Promise<PolicyVersion | undefined> {
    const row = await store.query('policy.version', { workspaceId, version })
    if (!row) return undefined
    const active = await store.query('policy.active', { workspaceId })
    return { ...summarise(row, active), source: row.source, report: readReport(row.report) }
  }

  async function readOrThrow(workspaceId: string, version: number): Promise<PolicyVersion> {
    const found = await read(workspaceId, version)
    if (!found) throw new CoreError('not_found')
    return found
  }

  return {
    read,
    async versions(workspaceId, { before, limit = PAGE } = {}) {
      const page = { workspaceId, limit, ...(before !== undefined && { before }) }
      const rows = await store.query('policy.versions', page)
      const active = await store.query('policy.active', { workspaceId })
      return rows.map((row) => summarise(row, active))
    },
    async diff(workspaceId, from, to) {
      const [before, after] = [
        await readOrThrow(workspaceId, from),
        await readOrThrow(workspaceId, to),
      ]
      return diffPolicies(parsePolicy(before.source).document, parsePolicy(after.source).document)
    },
  }
}

type Row = Readonly<{
  version: number
  digest: string
  base: number
  author: string
  reason: string
  published_at: number
}>

const summarise = (row: Row, active: number): PolicyVersionSummary => ({
  version: row.version,
  digest: row.digest,
  base: row.base,
  author: row.author,
  reason: row.reason,
  publishedAtMs: row.published_at,
  isActive: row.version === active,
})

/** Optional members that are absent stay absent, which is what the type of a problem says. */
const readReport = (text: string): readonly PolicyProblem[] =>
  Report.parse(JSON.parse(text)).map(({ rule, line, column, ...found }) => ({
    ...found,
    ...(rule !== undefined && { rule }),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
  }))
