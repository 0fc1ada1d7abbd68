import { MultiServerMCPClient } from '@langchain/mcp-adapters'

/** @type {import('../try.mjs').Connect} */
export async function connect({ url, token }) {
  const headers = { Authorization: `Bearer ${token}` }
  const client = new MultiServerMCPClient({
    mcpServers: { peta: { transport: 'http', url, headers } },
    prefixToolNameWithServerName: false,
    throwOnLoadError: true,
  })
  const tools = await client.getTools()
  return {
    list: async () => tools.map(({ name }) => name),
    call: async (name, args) => tools.find((tool) => tool.name === name)?.invoke(args),
    close: () => client.close(),
  }
}
