import { isCoreError } from '../../ground/errors.ts'
import type { Launch, LaunchRequest } from '../pool/launcher.ts'

/**
 * A server that refuses both greetings of the present transport may speak the one before: the last step of finding out
 * (MCP-51). Where that fails too, the first refusal is what there is to say.
 */
export function launchOlder(launch: Launch): Launch {
  return async function launchOrOlder(request, signal) {
    try {
      return await launch(request, signal)
    } catch (error) {
      if (!mayBeOlder(request, error)) throw error
      const older = { ...request, era: 'legacy', isSse: true } as const
      return launch(older, signal).catch(() => {
        throw error
      })
    }
  }
}

const mayBeOlder = ({ definition }: LaunchRequest, error: unknown): boolean =>
  definition.launch.kind === 'http' &&
  definition.era !== 'modern' &&
  isCoreError(error, 'outcome_unknown') &&
  error.facts['asked'] === 'initialize'
