import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

import { createPeta, type Peta } from '@peta/sdk'
import { z } from 'zod'

import { CliError } from './cli-error.ts'
import { hostKeyFile, sessionFile } from './paths.ts'

/** A signed-in person at one Core. The token's alphabet is checked: it becomes a header. */
const Session = z.object({
  url: z.url({ protocol: /^https?$/ }),
  token: z.string().regex(/^[\w.~+/=-]+$/),
  workspaceId: z.string().regex(/^\w+$/),
  userId: z.string(),
  expiresAt: z.int(),
})
export type Session = Readonly<z.infer<typeof Session>>

export type SignedIn = Readonly<{ peta: Peta; workspace: string; session: Session }>

/**
 * `url` is where the user says Core is; without it, it is where they signed in.
 *
 * @throws CliError when nobody is signed in there
 */
export async function signedIn(url: string | undefined): Promise<SignedIn> {
  const session = await readSession()
  if (!session) throw new CliError('You are not signed in. Sign in on the host with: peta login')
  if (url !== undefined && session.url !== url) {
    throw new CliError(
      `You are signed in at ${session.url}, not at ${url}. Sign in there, on its host, with: peta login`,
    )
  }
  if (session.expiresAt <= Date.now()) throw new CliError(SESSION_ENDED)
  return {
    peta: createPeta({ url: session.url, token: session.token }),
    workspace: session.workspaceId,
    session,
  }
}

/** Where somebody signed in from here; a session that cannot be read says nothing. */
export const signedInUrl = (): Promise<string | undefined> =>
  readSession().then(
    (session) => session?.url,
    () => undefined,
  )

export const SESSION_ENDED = 'Your session has ended. Sign in again, on the host, with: peta login'

/** Written beside and moved into place, so that a reader never sees half of it. */
export async function saveSession(session: Session): Promise<void> {
  const path = sessionFile()
  const draft = `${path}.${process.pid}.new`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await rm(draft, { force: true })
    await writeFile(draft, JSON.stringify(session), { mode: 0o600, flag: 'wx' })
    await rename(draft, path)
  } catch (cause) {
    throw new CliError(
      `You are signed in, but ${path} cannot be written. Make it writable, then sign in again.`,
      { cause },
    )
  }
}

export const forgetSession = (): Promise<void> => rm(sessionFile(), { force: true })

/** @throws CliError when this user cannot read it, which is the point */
export async function readHostKey(): Promise<string> {
  try {
    return (await readFile(hostKeyFile(), 'utf8')).trim()
  } catch (cause) {
    throw new CliError(
      `Cannot read ${hostKeyFile()}. Run this on Peta's host, as the user it runs as, with the same PETA_DATA_DIR.`,
      { cause },
    )
  }
}

async function readSession(): Promise<Session | undefined> {
  const text = await readFile(sessionFile(), 'utf8').catch(ifAbsent)
  if (text === undefined) return undefined
  try {
    return Session.parse(JSON.parse(text))
  } catch (cause) {
    throw new CliError(`${sessionFile()} is damaged. Sign in again with: peta login`, { cause })
  }
}

function ifAbsent(cause: unknown): undefined {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
  throw new CliError(`${sessionFile()} cannot be read. Make it readable for you.`, { cause })
}
