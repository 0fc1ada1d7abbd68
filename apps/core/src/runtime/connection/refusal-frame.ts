import type { ServerFrame } from '../../model/frame.ts'
import { encodeError } from '../../protocol/errors.ts'
import { readServerFrame } from '../../protocol/server-frame.ts'

const ID = Buffer.from('0')

/** What a server would answer that was not asked, because what it would say is known. */
export const refusalFrame = (code: number, message: string): ServerFrame =>
  readServerFrame(encodeError(ID, { code, message }))
