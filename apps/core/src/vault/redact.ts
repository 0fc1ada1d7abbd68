import { CoreError } from '../ground/errors.ts'
import type { CallResult, Outlet } from '../model/call.ts'
import type { ArmedCall, ScrubHit } from '../model/clearance.ts'

/** Takes injected values out of what a server sent (VLT-60). */
export type Redact = Readonly<{
  /** @throws CoreError `scrub_failed` */
  result: (armed: ArmedCall, result: CallResult) => CallResult
  outlet: (armed: ArmedCall, outlet: Outlet) => Outlet
}>

/** Told of every hit: a server that echoes what it was given is worth looking at (VLT-64). */
export type OnEcho = (armed: ArmedCall, hits: readonly ScrubHit[]) => void

export function createRedact({ onEcho }: Readonly<{ onEcho: OnEcho }>): Redact {
  function scrub(armed: ArmedCall, bytes: Buffer): Buffer {
    const scrubbed = scrubbedOrFail(armed, bytes)
    if (scrubbed.hits.length > 0) onEcho(armed, scrubbed.hits)
    return scrubbed.bytes
  }

  return {
    result(armed, result) {
      if (armed.credentials.scrubber.isIdle) return result
      const bytes = scrub(armed, result.bytes)
      return bytes === result.bytes ? result : { ...result, bytes }
    },
    outlet(armed, outlet) {
      if (armed.credentials.scrubber.isIdle) return outlet
      const { askable, lost } = outlet
      const hide = (bytes: Buffer): Buffer => scrub(armed, bytes)
      return {
        ...outlet,
        notify: (frame) => outlet.notify(hide(frame)),
        ...(lost && { lost }),
        ...(askable && {
          askable: {
            ...askable,
            ask: async (question) => askable.ask({ ...question, params: hide(question.params) }),
          },
        }),
      }
    },
  }
}

/** A cut that leaves no valid frame, as in the middle of a number, is a failure and not an answer. */
function scrubbedOrFail(armed: ArmedCall, bytes: Buffer) {
  try {
    const scrubbed = armed.credentials.scrubber.scrub(bytes)
    if (scrubbed.hits.length > 0) JSON.parse(scrubbed.bytes.toString('utf8'))
    return scrubbed
  } catch (cause) {
    throw cause instanceof CoreError ? cause : new CoreError('scrub_failed', {}, { cause })
  }
}
