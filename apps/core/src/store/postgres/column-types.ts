import type { CustomTypesConfig } from 'pg'

/** Object ids of PostgreSQL's own types; they never change. Sums of integers come as NUMERIC. */
const INTEGER_TYPES: readonly number[] = [20, 23, 1700]
const BYTEA = 17
const HEX_PREFIX = '\\x'

/**
 * Values as both engines give them: 64-bit integers are numbers or an error, bytes are plain `Uint8Array`s (STO-22).
 * Everything else is text.
 */
export const columnTypes: CustomTypesConfig = {
  getTypeParser(oid: number) {
    if (INTEGER_TYPES.includes(oid)) return parseInteger
    return oid === BYTEA ? parseBytes : String
  },
}

/** @throws RangeError for what a number cannot hold exactly */
function parseInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) {
    throw new RangeError('the database holds an integer that is too large for a number')
  }
  return value
}

function parseBytes(text: string): Uint8Array {
  if (!text.startsWith(HEX_PREFIX)) throw new TypeError('bytea_output is not hex')
  // A copy, since a Buffer may be a view of a pool that other values share.
  return new Uint8Array(Buffer.from(text.slice(HEX_PREFIX.length), 'hex'))
}
