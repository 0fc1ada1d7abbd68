import { open, type FileHandle } from 'node:fs/promises'

import { CliError } from './cli-error.ts'

/** As large as a request to Core may be. */
const BYTES_MAX = 1024 * 1024
/** Used wrongly, unless the command has exit codes of its own. */
const USED_WRONGLY = 2

/** A file of text that somebody named; also a pipe. @throws CliError that says what is wrong with it */
export async function readText(file: string, exitCode = USED_WRONGLY): Promise<string> {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new CliError(problem, { cause, exitCode })
  }
  const bytes = await readBytes(file).catch((cause: unknown) => refuse(whyNot(file, cause), cause))
  if (bytes.length === 0) refuse(`${file} is empty. Give a file with something in it.`)
  if (bytes.length > BYTES_MAX) refuse(`${file} is larger than 1 MiB. Is it the right file?`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    return refuse(`${file} is not UTF-8 text. Is it the right file?`, cause)
  }
}

async function readBytes(file: string): Promise<Buffer> {
  await using handle = await open(file)
  // Awaited here, so that the handle is open for as long as it is read.
  return await firstBytes(handle)
}

/** One byte more than is taken, so that what is too large shows itself without being read to its end. */
async function firstBytes(handle: FileHandle): Promise<Buffer> {
  const chunks: Buffer[] = []
  let missing = BYTES_MAX + 1
  while (missing > 0) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(missing, 65_536)))
    if (bytesRead === 0) break
    chunks.push(buffer.subarray(0, bytesRead))
    missing -= bytesRead
  }
  return Buffer.concat(chunks)
}

function whyNot(file: string, cause: unknown): string {
  switch (cause instanceof Error && 'code' in cause ? cause.code : undefined) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `There is no file ${file}.`
    case 'EISDIR':
      return `${file} is a folder. Give a file.`
    default:
      return `${file} cannot be read. Make it readable for you.`
  }
}
