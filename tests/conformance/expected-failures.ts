import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The tool's own format, so that its `--expected-failures` reads the file too: one `- entry # reason` per line. */
const ENTRY = /^ {2}- (\S+)(?: +#.*)?$/
const REST = /^(?:#.*| {2}#.*|server:(?: \[\])?|)$/

export function readExpectedFailures(): readonly string[] {
  const file = join(import.meta.dirname, 'expected-failures.yml')
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, entry] = ENTRY.exec(line) ?? []
      if (entry === undefined && !REST.test(line)) throw new Error(`Unreadable line: ${line}`)
      return entry === undefined ? [] : [entry]
    })
}
