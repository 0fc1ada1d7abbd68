/** Path of the MCP endpoint that serves everything a principal may use; profiles lie below it (MCP-110). */
const MCP_PATH = '/mcp'
const METADATA_PATH = '/.well-known/oauth-protected-resource'

/** What a path is about; `profile` is the name it has, whether or not there is one of that name. */
export type Place = Readonly<{
  kind: 'mcp' | 'metadata' | 'other'
  profile?: string
  /** Of the older transport. */
  isSse?: boolean
}>

const SSE = '/sse'
const SSE_ID = 'session'
const OTHER: Place = { kind: 'other' }

export function placeOf(path: string): Place {
  if (path === METADATA_PATH) return { kind: 'metadata' }
  const kind = path.startsWith(METADATA_PATH) ? 'metadata' : 'mcp'
  const rest = kind === 'metadata' ? path.slice(METADATA_PATH.length) : path
  if (rest === MCP_PATH) return { kind }
  if (!rest.startsWith(`${MCP_PATH}/`)) return OTHER
  const name = rest.slice(MCP_PATH.length + 1)
  const isSse = kind === 'mcp' && name.endsWith(SSE)
  return isSse ? { kind, profile: name.slice(0, -SSE.length), isSse } : { kind, profile: name }
}

/** Where a profile's clients of the older transport send their messages, relative to where they are (MCP-39). */
export const ssePath = (profile: string, id: string): string =>
  `${MCP_PATH}/${profile}${SSE}?${SSE_ID}=${id}`

/** The id in such an address. */
export const sseIdIn = (url: string | undefined): string =>
  new URLSearchParams(url?.slice(url.indexOf('?') + 1)).get(SSE_ID) ?? ''

const mcpPath = (profile: string | undefined): string =>
  profile === undefined ? MCP_PATH : `${MCP_PATH}/${profile}`

/** `publicUrl` is the configured origin, never one that a request claims (IDN-35). */
export const metadataUrl = (publicUrl: string, profile: string | undefined): string =>
  `${publicUrl}${METADATA_PATH}${mcpPath(profile)}`

export type ResourceOrigin = Readonly<{ publicUrl: string; issuers: readonly string[] }>

/**
 * Tells clients what they need a token for, and where to get one. Each profile is a resource of its own (MCP-112).
 *
 * @see RFC 9728
 */
export const resourceMetadata = (
  { publicUrl, issuers }: ResourceOrigin,
  profile: string | undefined,
): string =>
  JSON.stringify({
    resource: `${publicUrl}${mcpPath(profile)}`,
    ...(issuers.length > 0 && { authorization_servers: issuers }),
    scopes_supported: ['mcp:tools', 'mcp:resources', 'mcp:prompts'],
    bearer_methods_supported: ['header'],
    resource_name: 'Peta',
  })
