import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILE = join(import.meta.dirname, 'RESULTS.md')
const MEMORY_HEAD = '## Memory and growth\n'

/** Puts what one of the two benchmarks found into RESULTS.md, and leaves what the other found there. */
export function writeResults(part: 'calls' | 'memory', text: string): void {
  const [calls = '', memory = ''] = readFileSync(FILE, 'utf8').split(MEMORY_HEAD)
  const parts = { calls: calls.trimEnd(), memory: memory.trim(), [part]: text.trim() }
  writeFileSync(FILE, `${parts.calls}\n\n${MEMORY_HEAD}\n${parts.memory}\n`)
}
