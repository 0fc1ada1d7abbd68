/** What verification found. The exit code of `peta audit verify` is `exitCodes[verdict]` (AUD-40). */
export type Verdict = 'verified' | 'tampered' | 'incomplete' | 'unusable'

export const exitCodes = {
  verified: 0,
  tampered: 1,
  incomplete: 2,
  unusable: 3,
} as const satisfies Record<Verdict, number>

export type Finding = Readonly<{
  verdict: 'tampered' | 'incomplete'
  /** The first entry that is wrong or missing, or the first that nothing proves. */
  index: number
  problem: string
}>

export type LogReport = Readonly<{
  logId: string
  /** Entries `[0, size)` were read. */
  size: number
  /** Entries `[0, provenSize)` are exactly what was signed. */
  provenSize: number
  verdict: 'verified' | 'tampered' | 'incomplete'
  firstBadIndex?: number
  problem?: string
  /** Entries whose time lies before that of an earlier one. Clocks step; this alone is no tampering. */
  backwardsInTime: number
}>

export type VerifyReport = Readonly<{
  verdict: Verdict
  exitCode: number
  /** Why the verdict is what it is, when no log says so. */
  problem?: string
  logs: readonly LogReport[]
  /** Ids of the first intents for which no outcome was read, and how many there are. */
  openIntents: Readonly<{ count: number; first: readonly string[] }>
  /** What this run could not prove, in sentences. */
  unproven: readonly string[]
}>
