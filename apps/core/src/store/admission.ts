import { CoreError } from '../ground/errors.ts'

export type Lane = 'append' | 'command'

/** Bounds what waits for the writer (STO-32). */
export type Admission = Readonly<{
  /** @throws CoreError `store_busy` for a command, `audit_unavailable` for events alone: nothing runs unrecorded */
  admit: (lane: Lane, bytes: number) => void
  release: (bytes: number) => void
}>

export type AdmissionLimits = Readonly<{ requestsMax: number; bytesMax: number }>

const admissionLimits: AdmissionLimits = {
  requestsMax: 10_000,
  bytesMax: 64 * 1024 * 1024,
}

/** Commands leave a fifth of the room to events alone, so that a flood of one cannot keep calls from being recorded. */
const COMMAND_SHARE = 0.8

export function createAdmission(limits: AdmissionLimits = admissionLimits): Admission {
  let requests = 0
  let waitingBytes = 0

  return {
    admit(lane, bytes) {
      const share = lane === 'append' ? 1 : COMMAND_SHARE
      if (requests >= limits.requestsMax * share || waitingBytes >= limits.bytesMax * share) {
        throw new CoreError(lane === 'append' ? 'audit_unavailable' : 'store_busy')
      }
      requests += 1
      waitingBytes += bytes
    },
    release(bytes) {
      requests -= 1
      waitingBytes -= bytes
    },
  }
}
