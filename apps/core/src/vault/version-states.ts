import { CoreError } from '../ground/errors.ts'
import type { VersionRow } from './secret-record.ts'

/** How long the version before the current one can be taken back into use (VLT-31). */
const GRACE_MS = 24 * 60 * 60 * 1000
const KEPT_MAX = 10
const NOTHING = new Uint8Array()

/** States in which a version can still be opened, now or after a promotion. */
export const isLive = ({ state }: Pick<VersionRow, 'state'>): boolean =>
  state === 'staged' || state === 'current' || state === 'grace'

/** Makes `version` current. What was current stays within reach for a while, older ones go (VLT-31). */
export function promoted(
  versions: readonly VersionRow[],
  version: number,
  nowMs: number,
): readonly VersionRow[] {
  const target = versions.find((row) => row.version === version)
  if (!target) throw new CoreError('not_found')
  const isPromotable = target.state === 'staged' || isInGrace(target, nowMs)
  if (!isPromotable) throw new CoreError('wrong_state', { state: target.state })
  return aged(
    versions.map((row) => {
      if (row.version === version) return { ...row, state: 'current', not_after: null }
      if (row.state !== 'current') return row
      return { ...row, state: 'grace', not_after: nowMs + GRACE_MS }
    }),
    nowMs,
  )
}

/** Retires what is out of grace and destroys what is over the number kept. */
export function aged(versions: readonly VersionRow[], nowMs: number): readonly VersionRow[] {
  const kept = new Set(
    versions
      .filter((row) => row.state !== 'destroyed')
      .toSorted((a, b) => b.version - a.version)
      .slice(0, KEPT_MAX)
      .map((row) => row.version),
  )
  return versions.map((row) => {
    if (!kept.has(row.version) && row.state !== 'current') return destroyed(row)
    return row.state === 'grace' && !isInGrace(row, nowMs) ? retired(row) : row
  })
}

export const retired = (row: VersionRow): VersionRow =>
  isLive(row) ? { ...row, state: 'retired', not_after: null } : row

/** Without its wrapped key nobody can read the value again, in no copy of this database made later. */
export const destroyed = (row: VersionRow): VersionRow => ({
  ...row,
  state: 'destroyed',
  wrapped_dek: NOTHING,
  blob: NOTHING,
  not_after: null,
})

const isInGrace = (row: VersionRow, nowMs: number): boolean =>
  row.state === 'grace' && row.not_after !== null && row.not_after > nowMs
