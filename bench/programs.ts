import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** How to start the two programs that must not be the bottleneck. */
export type Programs = Readonly<{ kind: 'C' | 'Node'; echo: Command; load: Command }>
export type Command = readonly [file: string, ...args: string[]]

/** Compiles the C programs where a compiler is; otherwise their slower likes on Node, said in the results. */
export function buildPrograms(): Programs {
  const out = join(import.meta.dirname, 'out')
  mkdirSync(out, { recursive: true })
  try {
    return { kind: 'C', echo: compile('echo', out), load: compile('load', out) }
  } catch {
    const script = (name: string): Command => [
      process.execPath,
      join(import.meta.dirname, 'processes', `${name}.ts`),
    ]
    return { kind: 'Node', echo: script('echo'), load: script('load') }
  }
}

function compile(name: string, out: string): Command {
  const program = join(out, name)
  const source = join(import.meta.dirname, 'native', `${name}.c`)
  execFileSync('cc', ['-O2', '-o', program, source], { stdio: 'ignore' })
  return [program]
}
