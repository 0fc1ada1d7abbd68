import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The tool's own format, so that its `--expected-failures` reads the file too: one `- entry # reason` per line. */
const SIDE = /^(server|client):(?: \[\])?$/
const ENTRY = /^ {2}- (\S+)(?: +#.*)?$/
const REST = /^(?: {2})?#.*$|^$/

/** Entries by the side that Peta was on. */
export type ExpectedFailures = Readonly<Record<'server' | 'client', readonly string[]>>

export function readExpectedFailures(name = 'expected-failures'): ExpectedFailures {
  const file = join(import.meta.dirname, `${name}.yml`)
  const entries: Record<string, string[]> = { server: [], client: [] }
  let side = ''
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, entry] = ENTRY.exec(line) ?? []
    const [, begun] = SIDE.exec(line) ?? []
    if (begun !== undefined) side = begun
    else if (entry !== undefined) entries[side]?.push(entry)
    else if (!REST.test(line)) throw new Error(`Unreadable line: ${line}`)
  }
  const { server = [], client = [] } = entries
  return { server, client }
}
