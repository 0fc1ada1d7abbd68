import { isCoreError } from '../../ground/errors.ts'
import type { Era } from '../../model/frame.ts'
import { createCorrelator, type CorrelatorParts } from './correlator.ts'
import { discover, type HandshakeTerms } from './handshake.ts'

const ignore = (): void => undefined
const NOBODY = { onListChanged: ignore, onUpdated: ignore, onElicited: ignore }

type Parts = Pick<CorrelatorParts, 'server' | 'openWire' | 'clock' | 'timers'>

/**
 * Finds out what a process speaks on one that is ended again, whatever the question did to it: an answer that only a
 * modern server gives, or none (MCP-52).
 *
 * @throws CoreError `server_misbehaves` for a modern server of no common version
 */
export async function findEraApart(
  parts: Parts,
  terms: HandshakeTerms,
  signal: AbortSignal,
): Promise<Era> {
  const wire = createCorrelator({ ...parts, ...NOBODY })
  try {
    return (await discover(wire, terms, signal)) ? 'modern' : 'legacy'
  } catch (error) {
    if (signal.aborted || isCoreError(error, 'server_misbehaves')) throw error
    // It ended, which is one of the ways to misunderstand.
    return 'legacy'
  } finally {
    await wire.kill()
  }
}
