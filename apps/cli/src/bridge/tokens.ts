import { open } from 'node:fs/promises'

import { CliError } from '../cli-error.ts'

/** Where the bridge has its token from. */
export type TokenSource = Readonly<{
  /** @throws CliError when there is none to be had */
  current: () => Promise<string>
  /** Core refused this token. Resolves with another one, where there is one. */
  instead: (refused: string) => Promise<string | undefined>
  /** Gives back what was made for the bridge alone. */
  end: () => Promise<void>
}>

const TOKEN = /^[\w.~+/=-]+$/
const FILE_BYTES_MAX = 4096
const OTHERS = 0o077
const USED_WRONGLY = { exitCode: 2 } as const

/** From the environment, which only this user and what they start can read. @throws CliError */
export function fixedToken(text: string): TokenSource {
  const token = text.trim()
  if (!TOKEN.test(token)) {
    throw new CliError(
      'PETA_TOKEN holds no token. Set it to what peta token issue printed.',
      USED_WRONGLY,
    )
  }
  return {
    current: () => Promise.resolve(token),
    instead: () => Promise.resolve(undefined),
    end: () => Promise.resolve(),
  }
}

/** Read again when Core refuses the token: somebody may have put a new one there. */
export function fileToken(path: string): TokenSource {
  let known: string | undefined
  return {
    current: async () => (known ??= await readTokenFile(path)),
    async instead(refused) {
      known = await readTokenFile(path)
      return known === refused ? undefined : known
    },
    end: () => Promise.resolve(),
  }
}

async function readTokenFile(path: string): Promise<string> {
  const text = await readPrivate(path).catch((cause: unknown) => {
    if (cause instanceof CliError) throw cause
    throw new CliError(`${path} cannot be read. Give --token-file a file of yours.`, {
      cause,
      ...USED_WRONGLY,
    })
  })
  if (TOKEN.test(text)) return text
  throw new CliError(
    `${path} holds no token. Put there what peta token issue printed.`,
    USED_WRONGLY,
  )
}

/** Who may read is asked of the open file, so that nobody can swap it in between. */
async function readPrivate(path: string): Promise<string> {
  await using file = await open(path)
  const stats = await file.stat()
  if (!stats.isFile()) throw new CliError(`${path} is no file. Give a file.`, USED_WRONGLY)
  if ((stats.mode & OTHERS) !== 0) {
    throw new CliError(`Others may read ${path}. Make it yours alone: chmod 600`, USED_WRONGLY)
  }
  const { bytesRead, buffer } = await file.read(Buffer.alloc(FILE_BYTES_MAX))
  return buffer.toString('utf8', 0, bytesRead).trim()
}
