import { createMCPClient } from '@ai-sdk/mcp'

/** @type {import('../try.mjs').Connect} */
export async function connect({ url, token, era }) {
  const headers = { Authorization: `Bearer ${token}` }
  const client = await createMCPClient({
    transport: { type: 'http', url, headers },
    protocolVersionDiscovery: era === 'modern',
  })
  return {
    list: async () => Object.keys(await client.tools()),
    async call(name, args) {
      const { [name]: tool } = await client.tools()
      return tool?.execute(args, { toolCallId: '1', messages: [] })
    },
    close: () => client.close(),
  }
}
