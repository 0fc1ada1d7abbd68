import type { Client } from 'pg'

type Address = Pick<Client, 'host' | 'port' | 'user' | 'database'>

/** Error codes of the system, and SQLSTATEs of PostgreSQL, to what to change. */
const reasons: Readonly<Record<string, (address: Address) => string>> = {
  ECONNREFUSED: ({ host, port }) =>
    `Nothing listens on ${host}:${port}; start PostgreSQL or correct PETA_DATABASE_URL.`,
  ENOENT: ({ host }) =>
    `There is no socket in ${host}; start PostgreSQL or correct PETA_DATABASE_URL.`,
  ENOTFOUND: ({ host }) => `Nobody knows the host "${host}"; correct PETA_DATABASE_URL.`,
  EAI_AGAIN: ({ host }) => `The name service does not answer for "${host}"; look at the network.`,
  '28P01': ({ user }) => `The password of "${user}" is not right; correct PETA_DATABASE_URL.`,
  '28000': ({ user }) =>
    `The server does not let "${user}" in from here; correct pg_hba.conf or PETA_DATABASE_URL.`,
  '3D000': ({ database }) =>
    `The server has no database "${database}"; create it or correct PETA_DATABASE_URL.`,
  '42501': ({ user }) => `"${user}" may not create tables; make it the owner of the database.`,
  '53300': () => 'The server has no connection left; raise max_connections or close some.',
}

const OTHER =
  'Check PETA_DATABASE_URL and that the server runs; the process log has what it answered.'

/** What to change, in one sentence. Of the address it repeats no password. */
export function whyUnreachable(cause: unknown, address: Address): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return reasons[code]?.(address) ?? OTHER
}
