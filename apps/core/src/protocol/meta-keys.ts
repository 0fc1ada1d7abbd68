/** Keys of `_meta` that the protocol or Peta owns; everything else in `_meta` is relayed untouched (MCP-81, MCP-82). */
export const metaKeys = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  /** The server's own description of itself, moved aside by ours. */
  petaServer: 'io.peta/server',
  petaDecision: 'io.peta/decision',
  petaApproval: 'io.peta/approval',
  petaReplayed: 'io.peta/replayed',
  petaDegraded: 'io.peta/degraded',
  petaCache: 'io.peta/cache',
} as const
