/** Path of the MCP endpoint that serves everything a principal may use (MCP-110). */
export const MCP_PATH = '/mcp'

const METADATA_PATH = '/.well-known/oauth-protected-resource'

export const isMetadataPath = (path: string): boolean =>
  path === METADATA_PATH || path === `${METADATA_PATH}${MCP_PATH}`

/** `publicUrl` is the configured origin, never one that a request claims (IDN-35). */
export const metadataUrl = (publicUrl: string): string => `${publicUrl}${METADATA_PATH}${MCP_PATH}`

/**
 * Tells clients what they need a token for, and where to get one.
 *
 * @see RFC 9728
 */
export const resourceMetadata = (publicUrl: string, issuers: readonly string[]): string =>
  JSON.stringify({
    resource: `${publicUrl}${MCP_PATH}`,
    ...(issuers.length > 0 && { authorization_servers: issuers }),
    scopes_supported: ['mcp:tools', 'mcp:resources', 'mcp:prompts'],
    bearer_methods_supported: ['header'],
    resource_name: 'Peta',
  })
