import { constants, type Stats } from 'node:fs'
import { mkdir, open, realpath, stat, type FileHandle } from 'node:fs/promises'
import { dirname, relative } from 'node:path'

import { drawKeyBytes } from '../../crypto/key.ts'
import { CoreError } from '../../ground/errors.ts'
import type { Sealer } from '../sealer.ts'
import { formatKey, parseKey } from './key-text.ts'
import { createLocalSealer } from './local-sealer.ts'

export type KeyFilePlace = Readonly<{
  keyFile: string
  /** Directories that are copied or shared together with the database: the key must be in none (VLT-22). */
  outsideOf: readonly string[]
}>

const FILE_MODE = 0o600
const DIRECTORY_MODE = 0o700
const OTHERS = 0o077
const OTHERS_WRITE = 0o022
const KEY_TEXT_BYTES_MAX = 256
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants

/** A key in a file of its own, made on first run, readable by nobody else (VLT-22). */
export function createFileSealer(place: KeyFilePlace): Sealer {
  return createLocalSealer('file', {
    read: () => readKey(place),
    readOrMake: async () => {
      await makeKey(place)
      return readKey(place)
    },
  })
}

async function readKey(place: KeyFilePlace): Promise<Buffer> {
  await assertDirectory(place)
  await using file = await openNoFollow(place.keyFile, O_RDONLY)
  assertFile(await file.stat(), place.keyFile)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(KEY_TEXT_BYTES_MAX))
  try {
    return parseKey(buffer.toString('utf8', 0, bytesRead), place.keyFile)
  } finally {
    buffer.fill(0)
  }
}

/** Leaves a key that is there alone; made whole and flushed before anything is sealed with it. */
async function makeKey(place: KeyFilePlace): Promise<void> {
  const directoryPath = dirname(place.keyFile)
  await mkdir(directoryPath, { recursive: true, mode: DIRECTORY_MODE }).catch((error: unknown) => {
    throw unmakeable(place.keyFile, error)
  })
  await assertDirectory(place)
  try {
    await using file = await open(
      place.keyFile,
      O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY,
      FILE_MODE,
    )
    await writeKey(file)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw unmakeable(place.keyFile, error)
    return
  }
  await using directory = await open(directoryPath, O_RDONLY)
  await directory.sync()
}

async function writeKey(file: FileHandle): Promise<void> {
  const bytes = drawKeyBytes()
  try {
    await file.writeFile(formatKey(bytes))
    await file.sync()
  } finally {
    bytes.fill(0)
  }
}

async function openNoFollow(path: string, flags: number): Promise<FileHandle> {
  try {
    return await open(path, flags | O_NOFOLLOW)
  } catch (error) {
    if (hasCode(error, 'ELOOP')) throw unsafe(`${path} is a symbolic link; use the file itself.`)
    throw unavailable(path, error)
  }
}

function assertFile(file: Stats, path: string): void {
  if (!file.isFile()) throw unsafe(`${path} is not a plain file.`)
  if (file.nlink > 1) throw unsafe(`${path} has a second name; keep one hard link only.`)
  if (!isOurs(file)) throw unsafe(`${path} belongs to another user; make it yours.`)
  if ((file.mode & OTHERS) !== 0) throw unsafe(`Others may read ${path}; run: chmod 600 ${path}`)
}

async function assertDirectory({ keyFile, outsideOf }: KeyFilePlace): Promise<void> {
  const directory = await real(dirname(keyFile))
  for (const other of outsideOf) {
    if (isInside(directory, await real(other))) {
      throw unsafe(
        `${keyFile} is inside ${other}, so a copy of the data would carry its own key; ` +
          'set PETA_SEALER_FILE to a path outside.',
      )
    }
  }
  const { mode } = await stat(directory).catch((error: unknown) => {
    throw unavailable(keyFile, error)
  })
  if ((mode & OTHERS_WRITE) !== 0) {
    throw unsafe(`Others may write ${directory}; run: chmod go-w ${directory}`)
  }
}

/** A path that does not exist yet cannot be a link to elsewhere. */
async function real(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return path
    throw unavailable(path, error)
  }
}

function isInside(path: string, directory: string): boolean {
  const steps = relative(directory, path)
  return steps === '' || (!steps.startsWith('..') && !steps.startsWith('/'))
}

/** Systems without user ids have no owner to compare. */
const isOurs = (file: Stats): boolean => (process.geteuid?.() ?? file.uid) === file.uid

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

const unsafe = (problem: string): CoreError => new CoreError('sealer_unsafe', { problem })

const unavailable = (path: string, cause: unknown): CoreError =>
  cause instanceof CoreError
    ? cause
    : new CoreError('sealer_unavailable', { problem: whyUnavailable(path, cause) }, { cause })

const whyUnavailable = (path: string, cause: unknown): string =>
  hasCode(cause, 'ENOENT')
    ? `Put ${path} back, or set PETA_SEALER_FILE to where it is; without it the data stays closed.`
    : `Let this user read ${path}, or set PETA_SEALER_FILE.`

function unmakeable(path: string, cause: unknown): CoreError {
  const problem = `Let this user write ${path}, or set PETA_SEALER_FILE to where it may.`
  return new CoreError('sealer_unavailable', { problem }, { cause })
}
