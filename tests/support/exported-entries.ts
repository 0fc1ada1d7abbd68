import { z } from 'zod'

/** The part of an audit entry that tests look at. */
export type ExportedEntry = Readonly<{
  logId: string
  type: string
  outcome: string | undefined
  /** As agents call it, where it is something they call. */
  target: string | undefined
  approvalId: string | undefined
}>

const Line = z.looseObject({ kind: z.string(), e: z.string().optional() })
const Body = z.looseObject({
  log_id: z.string(),
  type: z.string(),
  outcome: z.string().optional(),
  target: z.looseObject({ name: z.string(), exposed: z.string().optional() }).optional(),
  approval: z.looseObject({ id: z.string().optional() }).optional(),
})

/** The entries of an export in their order, from the bytes that were hashed. */
export function exportedEntries(text: string): readonly ExportedEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Line.parse(JSON.parse(line)))
    .filter(({ kind, e }) => kind === 'event' && e !== undefined)
    .map(({ e = '' }) => Body.parse(JSON.parse(Buffer.from(e, 'base64').toString())))
    .map(({ log_id: logId, type, outcome, target, approval }) => ({
      logId,
      type,
      outcome,
      target: target?.exposed ?? target?.name,
      approvalId: approval?.id,
    }))
}
