import type { Clock } from './clock.ts'

/** Makes one id: `<prefix>_` and a UUIDv7 as 32 lower-case hex digits, ascending within the process. */
export type NewId = (prefix: string) => string

const TIME_DIGITS = 12
const SEQUENCE_BITS = 12
const RANDOM_BATCH_BYTES = 4096
const RANDOM_BYTES_PER_ID = 8

/**
 * Ids sort by creation even when the wall clock steps back: time and sequence only ever grow.
 *
 * @see RFC 9562 section 5.7, with the 12-bit `rand_a` used as a sequence (section 6.2, method 1)
 */
export function createIds(clock: Pick<Clock, 'nowMs'>): NewId {
  let lastMs = 0
  let sequence = 0
  const random = createRandomHex()

  return function newId(prefix) {
    const nowMs = clock.nowMs()
    if (nowMs > lastMs) {
      lastMs = nowMs
      sequence = 0
    } else if (++sequence >> SEQUENCE_BITS) {
      lastMs += 1
      sequence = 0
    }
    const time = lastMs.toString(16).padStart(TIME_DIGITS, '0')
    return `${prefix}_${time}7${sequence.toString(16).padStart(3, '0')}${random()}`
  }
}

/** Sixteen hex digits whose first two bits are the RFC's variant; random bytes are drawn in batches. */
function createRandomHex(): () => string {
  const pool = Buffer.alloc(RANDOM_BATCH_BYTES)
  let used = RANDOM_BATCH_BYTES

  return function randomHex() {
    if (used === RANDOM_BATCH_BYTES) {
      crypto.getRandomValues(pool)
      used = 0
    }
    pool.writeUInt8((pool.readUInt8(used) & 0x3f) | 0x80, used)
    used += RANDOM_BYTES_PER_ID
    return pool.toString('hex', used - RANDOM_BYTES_PER_ID, used)
  }
}
