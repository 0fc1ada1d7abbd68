import type { Ask } from '../../model/question.ts'
import { readAsks } from '../client-asks.ts'

/** Revisions with an `initialize` handshake, newest first. */
export const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const

export type LegacyVersion = (typeof legacyVersions)[number]

/** -32042 asks for a visit to an address, which older revisions have no way to tell a person (MCP-62). */
export const knowsError = (version: LegacyVersion, code: number): boolean =>
  code !== -32_042 || version >= '2025-11-25'

/** One revision allowed an array of messages; the one before never said so, and the next took it back (MCP-37). */
export const takesBatches = (version: LegacyVersion): boolean => version === '2025-03-26'

/** Whether a broken stream can be taken up again; before that there was another transport (MCP-35). */
export const isResumable = (version: LegacyVersion): boolean => version >= '2025-03-26'

/** Whether a client can be given an event without a message, only to come back to. */
export const takesPriming = (version: LegacyVersion): boolean => version >= '2025-11-25'

/** The version a session gets: the one asked for where it is served, else the newest (MCP-30). */
export const negotiateVersion = (requested: unknown): LegacyVersion =>
  legacyVersions.find((served) => served === requested) ?? legacyVersions[0]

/** A revision date beyond the legacy ones, whether served or not. */
export const isLaterVersion = (version: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(version) && version > legacyVersions[0]

/** Later requests of a session say its version; before 2025-06-18 they did not have to (MCP-32). */
export function isSessionVersion(negotiated: LegacyVersion, header: string | undefined): boolean {
  return header === undefined || header === negotiated || negotiated < '2025-06-18'
}

/** What each way of being asked came with; before it, no client can mean it (MCP-62). */
const since: Readonly<Record<Ask, LegacyVersion>> = {
  'elicitation.form': '2025-06-18',
  'elicitation.url': '2025-11-25',
  sampling: '2024-11-05',
  'sampling.context': '2025-11-25',
  'sampling.tools': '2025-11-25',
  roots: '2024-11-05',
}

/** What a client of a revision declared that it can be asked for. */
export const asksOf = (version: LegacyVersion, capabilities: unknown): readonly Ask[] =>
  readAsks(capabilities).filter((ask) => since[ask] <= version)
