import { createReadStream } from 'node:fs'
import { access, constants, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'

import { createSha256 } from '../../crypto/digest.ts'
import { CoreError } from '../../ground/errors.ts'
import { SEARCH_PATH } from './environment.ts'

/** Knows which file a command is, and whether it is still the same file (RUN-7). */
export type Executables = Readonly<{
  /**
   * The absolute path of a command and the digest of its file. A bare name is looked up in a fixed search path.
   *
   * @throws CoreError `definition_invalid`
   */
  resolve: (command: string) => Promise<Readonly<{ path: string; digest: string }>>
  digest: (path: string) => Promise<string>
}>

/** Digests by what identifies an unchanged file, because interpreters are large and starts are frequent. */
export function createExecutables(): Executables {
  const known = new Map<string, string>()

  async function digest(path: string): Promise<string> {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    const identity = [path, dev, ino, size, mtimeNs, ctimeNs].join(' ')
    const found = known.get(identity)
    if (found !== undefined) return found
    const made = await digestFile(path)
    known.set(identity, made)
    return made
  }

  return {
    digest,
    async resolve(command) {
      const path = await findCommand(command)
      if (!path) {
        const problem = `There is no program "${command}". Give its absolute path.`
        throw new CoreError('definition_invalid', { problem })
      }
      return { path, digest: await digest(path) }
    },
  }
}

async function findCommand(command: string): Promise<string | undefined> {
  if (isAbsolute(command)) return (await isExecutable(command)) ? command : undefined
  if (command.includes('/')) return undefined
  for (const folder of SEARCH_PATH) {
    const path = join(folder, command)
    if (await isExecutable(path)) return path
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(await realpath(path))).isFile()
  } catch {
    return false
  }
}

async function digestFile(path: string): Promise<string> {
  const hash = createSha256()
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digestHex()
}
