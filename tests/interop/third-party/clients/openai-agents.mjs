import { MCPServerStreamableHttp } from '@openai/agents'

/** @type {import('../try.mjs').Connect} */
export async function connect({ url, token }) {
  const requestInit = { headers: { Authorization: `Bearer ${token}` } }
  const server = new MCPServerStreamableHttp({ url, name: 'peta', requestInit })
  await server.connect()
  return {
    list: async () => (await server.listTools()).map(({ name }) => name),
    call: (name, args) => server.callTool(name, args),
    close: () => server.close(),
  }
}
