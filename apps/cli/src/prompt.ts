import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

import { CliError } from './cli-error.ts'

/** More than any secret that Core takes; what is larger is a mistake with a file. */
const BYTES_MAX = 1024 * 1024
/** As shells have it for a program that Ctrl-C ended. */
const INTERRUPTED = 130

/**
 * A secret from stdin when it is a pipe, from an unechoed prompt when it is a terminal. Never from an argument,
 * which every user of the machine can read. One trailing newline is not part of it.
 */
export async function readSecret(question: string): Promise<string> {
  const value = process.stdin.isTTY ? await ask(question, silent()) : await readAll()
  const secret = value.replace(/\r?\n$/, '')
  if (secret === '') throw new CliError('The value is empty; nothing was changed.', { exitCode: 2 })
  return secret
}

/** Asks a person at a terminal. Where there is none, the command itself is the answer. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return true
  const answer = await ask(`${question} [y/N]`, process.stderr)
  return /^y(es)?$/i.test(answer.trim())
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    chunks.push(Buffer.from(chunk))
    bytes += chunk.length
    if (bytes > BYTES_MAX)
      throw new CliError('The value is too long; nothing was changed.', { exitCode: 2 })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks))
  } catch (cause) {
    throw new CliError('The value is not UTF-8 text; nothing was changed.', { cause, exitCode: 2 })
  }
}

/** Ctrl-C and Ctrl-D end the question unanswered. */
async function ask(question: string, output: NodeJS.WritableStream): Promise<string> {
  process.stderr.write(`${question}: `)
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  const { promise, reject } = Promise.withResolvers<never>()
  lines.once('SIGINT', () => lines.close())
  lines.once('close', () => reject(new CliError('Nothing was changed.', { exitCode: INTERRUPTED })))
  try {
    return await Promise.race([lines.question(''), promise])
  } finally {
    promise.catch(() => undefined)
    lines.close()
    process.stderr.write('\n')
  }
}

const silent = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })
