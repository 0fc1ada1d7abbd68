/** What a token can be for: the admin API, every MCP endpoint, or that of one profile alone (IDN-33, MCP-112). */
export type Resource = 'api' | 'mcp' | `mcp/${string}`

export const mcpResource = (profile: string | undefined): Resource =>
  profile === undefined ? 'mcp' : `mcp/${profile}`

export const profileOf = (resource: string): string | undefined =>
  resource.startsWith('mcp/') ? resource.slice('mcp/'.length) : undefined

/** A token of one profile is for no other path; one of none is for all profiles, which only narrow what it may. */
export const isTokenFor = (tokenResource: string, asked: Resource): boolean =>
  tokenResource === asked || (tokenResource === 'mcp' && asked.startsWith('mcp/'))
