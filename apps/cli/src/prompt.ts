import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

import { CliError } from './cli-error.ts'

/**
 * A secret from stdin when it is a pipe, from an unechoed prompt when it is a terminal. Never from an argument,
 * which every user of the machine can read. One trailing newline is not part of it.
 */
export async function readSecret(question: string): Promise<string> {
  const value = process.stdin.isTTY ? await askHidden(question) : await readAll()
  const secret = value.replace(/\r?\n$/, '')
  if (secret === '') throw new CliError('The value is empty; nothing was changed.', { exitCode: 2 })
  return secret
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

async function askHidden(question: string): Promise<string> {
  process.stderr.write(`${question}: `)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
