import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

import { createPeta, type Peta } from '@peta/sdk'

import { CliError } from './cli-error.ts'
import { hostKeyFile, sessionFile } from './paths.ts'

/** A signed-in person at one Core. */
export type Session = Readonly<{
  url: string
  token: string
  workspaceId: string
  userId: string
  expiresAt: number
}>

export type SignedIn = Readonly<{ peta: Peta; workspace: string; session: Session }>

/** @throws CliError when nobody is signed in, or to another Core than `url` */
export async function signedIn(url: string): Promise<SignedIn> {
  const session = await readSession()
  if (!session || session.url !== url || session.expiresAt <= Date.now()) {
    throw new CliError(`You are not signed in at ${url}. Sign in on the host with: peta login`)
  }
  return {
    peta: createPeta({ url, token: session.token }),
    workspace: session.workspaceId,
    session,
  }
}

export async function saveSession(session: Session): Promise<void> {
  const path = sessionFile()
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(`${path}.new`, JSON.stringify(session), { mode: 0o600 })
  await rename(`${path}.new`, path)
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
  const text = await readFile(sessionFile(), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isSession(value) ? value : undefined
  } catch {
    throw new CliError(`${sessionFile()} is damaged. Sign in again with: peta login`)
  }
}

const isSession = (value: unknown): value is Session =>
  typeof value === 'object' &&
  value !== null &&
  'token' in value &&
  typeof value.token === 'string' &&
  'url' in value &&
  'workspaceId' in value &&
  'expiresAt' in value
