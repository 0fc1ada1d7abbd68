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
  let time = ''
  let sequence = 0
  const random = createRandomHex()

  function moveTo(ms: number): void {
    lastMs = ms
    time = ms.toString(16).padStart(TIME_DIGITS, '0')
    sequence = 0
  }

  return function newId(prefix) {
    const nowMs = clock.nowMs()
    if (nowMs > lastMs) moveTo(nowMs)
    else if (++sequence >> SEQUENCE_BITS) moveTo(lastMs + 1)
    return `${prefix}_${time}7${sequence.toString(16).padStart(3, '0')}${random()}`
  }
}

/** Sixteen hex digits whose first two bits are the RFC's variant; random bytes are drawn, and written, in batches. */
function createRandomHex(): () => string {
  const pool = Buffer.alloc(RANDOM_BATCH_BYTES)
  let digits = ''
  let used = 0

  function draw(): void {
    crypto.getRandomValues(pool)
    for (let at = 0; at < RANDOM_BATCH_BYTES; at += RANDOM_BYTES_PER_ID) {
      pool.writeUInt8((pool.readUInt8(at) & 0x3f) | 0x80, at)
    }
    digits = pool.toString('hex')
    used = 0
  }

  return function randomHex() {
    if (used === digits.length) draw()
    used += 2 * RANDOM_BYTES_PER_ID
    return digits.slice(used - 2 * RANDOM_BYTES_PER_ID, used)
  }
}
