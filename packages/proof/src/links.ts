import { decodeBase64 } from './base64.ts'
import type { Members } from './export-format.ts'
import type { LogCheck } from './log-check.ts'

/** What the first entry of each log says of the log before it (AUD-32): a missing log or tail shows there. */
export type Links = Readonly<{
  note: (logId: string, body: Members) => void
  /** After everything was read. */
  check: (logs: ReadonlyMap<string, LogCheck>) => void
}>

type Link = Readonly<{ from: string; previous: string; size: number; root: Uint8Array }>

export function createLinks(): Links {
  const links: Link[] = []
  return {
    note(logId, body) {
      if (body['type'] !== 'log.opened') return
      const link = readLink(logId, body['detail'])
      if (link) links.push(link)
    },
    check(logs) {
      for (const link of links) checkLink(link, logs)
    },
  }
}

function readLink(from: string, detail: unknown): Link | undefined {
  if (!isMembers(detail) || !isMembers(detail['previous'])) return undefined
  const { log_id, size, root } = detail['previous']
  if (typeof log_id !== 'string' || typeof size !== 'number') return undefined
  const bytes = typeof root === 'string' ? decodeBase64(root) : undefined
  return bytes && { from, previous: log_id, size, root: bytes }
}

function checkLink(
  { from, previous, size, root }: Link,
  logs: ReadonlyMap<string, LogCheck>,
): void {
  const log = logs.get(previous)
  if (!log) {
    const problem = `log ${previous}, which came before, is not in the export`
    logs.get(from)?.find({ verdict: 'incomplete', index: 0, problem })
    return
  }
  const read = log.size()
  if (read < size) {
    const problem = `log ${from} says that this one had ${size} entries`
    log.find({ verdict: 'incomplete', index: read, problem })
  } else if (read > size) {
    const problem = `log ${from} says that this one ended with ${size} entries`
    log.find({ verdict: 'tampered', index: size, problem })
  } else if (Buffer.compare(root, log.root()) !== 0) {
    log.find({
      verdict: 'tampered',
      index: 0,
      problem: `log ${from} says that this one had another root`,
    })
  }
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
