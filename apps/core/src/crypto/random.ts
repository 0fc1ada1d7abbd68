import { randomBytes as drawBytes } from 'node:crypto'

/** Bytes of the operating system's generator, for keys, nonces and tokens. */
export const randomBytes = (length: number): Buffer => drawBytes(length)
