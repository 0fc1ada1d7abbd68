import { crc32 } from 'node:zlib'

import { randomBytes } from '../crypto/random.ts'

/**
 * How secrets of Peta look. The ids in front are public: by them a credential is found and, when it leaks, named; the
 * checksum lets scanners tell a real one from a look-alike without asking us. Only the 256 bits between are secret.
 */

const SECRET_BYTES = 32
const CHECKSUM_DIGITS = 8

const AGENT_TOKEN = /^peta_st_([0-9a-f]{32})_[\w-]{43}_[0-9a-f]{8}$/
const SESSION_TOKEN = /^peta_hs_([0-9a-f]{32})_([0-9a-f]{32})_[\w-]{43}_[0-9a-f]{8}$/
const LINK = /^peta_ln_([0-9a-f]{0,32})_([0-9a-f]{32})_[\w-]{43}_[0-9a-f]{8}$/

/** A record and the workspace it is in; a set-up link is in none yet. */
export type RecordKey = Readonly<{ workspaceId: string; id: string }>

export const newAgentToken = (id: string): string => withSecret(`peta_st_${hexOf(id)}`)

export const newSessionToken = ({ workspaceId, id }: RecordKey): string =>
  withSecret(`peta_hs_${hexOf(workspaceId)}_${hexOf(id)}`)

export const newLink = ({ workspaceId, id }: RecordKey): string =>
  withSecret(`peta_ln_${hexOf(workspaceId)}_${hexOf(id)}`)

/** The token's id, or nothing when the text is no agent token. It says nothing about its secret. */
export function parseAgentToken(text: string): string | undefined {
  const [, id] = AGENT_TOKEN.exec(text) ?? []
  return id !== undefined && hasChecksum(text) ? `tok_${id}` : undefined
}

export function parseSessionToken(text: string): RecordKey | undefined {
  const [, workspace, id] = SESSION_TOKEN.exec(text) ?? []
  if (workspace === undefined || id === undefined || !hasChecksum(text)) return undefined
  return { workspaceId: `wsp_${workspace}`, id: `ses_${id}` }
}

export function parseLink(text: string): RecordKey | undefined {
  const [, workspace, id] = LINK.exec(text) ?? []
  if (workspace === undefined || id === undefined || !hasChecksum(text)) return undefined
  return { workspaceId: workspace === '' ? '' : `wsp_${workspace}`, id: `lnk_${id}` }
}

function withSecret(start: string): string {
  const text = `${start}_${randomBytes(SECRET_BYTES).toString('base64url')}`
  return `${text}_${checksum(text)}`
}

const hexOf = (id: string): string => id.slice(id.indexOf('_') + 1)

const checksum = (text: string): string => crc32(text).toString(16).padStart(CHECKSUM_DIGITS, '0')

const hasChecksum = (text: string): boolean =>
  checksum(text.slice(0, -CHECKSUM_DIGITS - 1)) === text.slice(-CHECKSUM_DIGITS)
