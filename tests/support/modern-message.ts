export type ModernRequest = Readonly<{
  jsonrpc: '2.0'
  id: number | string
  method: string
  params: Readonly<Record<string, unknown> & { _meta: Record<string, unknown> }>
}>

/** A request of the modern era, with the metadata that it has to carry. */
export const modernRequest = (
  id: number | string,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
): ModernRequest => ({
  jsonrpc: '2.0',
  id,
  method,
  params: {
    ...params,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
})

/** How a client of the older era begins. */
export const initialize = (id: number, version = '2025-11-25') => ({
  jsonrpc: '2.0',
  id,
  method: 'initialize',
  params: {
    protocolVersion: version,
    capabilities: {},
    clientInfo: { name: 'peta-test', version: '1' },
  },
})
