import { z } from 'zod'

import { sha256Hex } from '../crypto/digest.ts'
import { canonicalJson } from '../ground/canonical-json.ts'
import { CoreError } from '../ground/errors.ts'
import type { Db } from './operation.ts'
import type { WriteCommand } from './write-request.ts'

type Key = Readonly<{ workspaceId: string; requestId: string; command: WriteCommand }>

/** Results are wrapped, so that "no result" is kept apart from null. */
const Remembered = z.object({ result: z.unknown() })

/**
 * What the same request was answered before, in which case it must not run again (STO-35). Results are kept as JSON
 * for a day, so commands that take an id return no bytes and nothing secret.
 *
 * @throws CoreError `idempotency_mismatch` when the id came with another command or other arguments
 */
export async function answeredBefore(
  db: Db,
  { workspaceId, requestId, command }: Key,
): Promise<Readonly<{ result: unknown }> | undefined> {
  const row = await db
    .selectFrom('request')
    .select(['digest', 'result'])
    .where('workspace_id', '=', workspaceId)
    .where('request_id', '=', requestId)
    .executeTakeFirst()
  if (!row) return undefined
  if (row.digest !== digestOf(command)) throw new CoreError('idempotency_mismatch')
  return { result: Remembered.parse(JSON.parse(row.result)).result }
}

/** In the transaction of the command itself: both are durable, or neither. */
export async function rememberAnswer(
  db: Db,
  {
    workspaceId,
    requestId,
    command,
    result,
    nowMs,
  }: Key & Readonly<{ result: unknown; nowMs: number }>,
): Promise<void> {
  await db
    .insertInto('request')
    .values({
      workspace_id: workspaceId,
      request_id: requestId,
      digest: digestOf(command),
      result: JSON.stringify({ result }),
      created_at: nowMs,
    })
    .execute()
}

const digestOf = ({ name, args }: WriteCommand): string => sha256Hex(canonicalJson({ name, args }))
