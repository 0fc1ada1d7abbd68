const NAMES = ['access_token', 'token', 'api_key'] as const

/** A credential in the query of an address, under the names that clients use for one (IDN-14). */
export function credentialInUrl(url: string | undefined): string | undefined {
  const at = url?.indexOf('?') ?? -1
  if (url === undefined || at === -1) return undefined
  const query = new URLSearchParams(url.slice(at + 1).toLowerCase())
  const name = NAMES.find((candidate) => query.has(candidate))
  if (name === undefined) return undefined
  const exact = [...new URLSearchParams(url.slice(at + 1))]
  return exact.find(([given]) => given.toLowerCase() === name)?.[1] ?? ''
}
