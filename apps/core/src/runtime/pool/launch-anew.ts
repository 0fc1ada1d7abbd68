import { isCoreError } from '../../ground/errors.ts'
import type { Launch } from './launcher.ts'

/** Statuses by which a server may refuse a greeting that it does not know. Never 401, 403 or 5xx (MCP-51). */
const REFUSALS: ReadonlySet<unknown> = new Set([400, 404, 405, 406, 415])

/**
 * A server that was found to speak one era may have been replaced by one that speaks the other. When it does not
 * understand the greeting that it used to, it is started once more and asked as if it were new (MCP-53).
 */
export function launchAnew(launch: Launch): Launch {
  return async function launchOrAsk(request, signal) {
    try {
      return await launch(request, signal)
    } catch (error) {
      const isRemembered = request.definition.era === 'auto' && request.era !== undefined
      if (!isRemembered || !isEraDoubt(error)) throw error
      const { era: _outdated, ...unknown } = request
      return launch(unknown, signal)
    }
  }
}

/** The answer to the greeting was none; silence and broken connections are no evidence. */
function isEraDoubt(error: unknown): boolean {
  if (isCoreError(error, 'server_misbehaves')) return true
  return (
    isCoreError(error, 'outcome_unknown') &&
    error.facts['reason'] === 'http_status' &&
    REFUSALS.has(error.facts['status'])
  )
}
