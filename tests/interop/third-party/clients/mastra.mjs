import { MCPClient } from '@mastra/mcp'

/** @type {import('../try.mjs').Connect} */
export async function connect({ url, token, era }) {
  const requestInit = { headers: { Authorization: `Bearer ${token}` } }
  const protocolVersion = era === 'modern' ? '2026-07-28' : 'legacy'
  const client = new MCPClient({
    servers: { peta: { url: new URL(url), requestInit, protocolVersion } },
  })
  const tools = await client.listTools()
  return {
    list: async () => Object.keys(tools).map((name) => name.replace(/^peta_/, '')),
    call: async (name, args) => tools[`peta_${name}`]?.execute(args, {}),
    close: () => client.disconnect(),
  }
}
