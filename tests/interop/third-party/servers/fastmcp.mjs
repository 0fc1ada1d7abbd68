/** A FastMCP server over Streamable HTTP. Run: node servers/fastmcp.mjs <port> */
import { FastMCP } from 'fastmcp'
import { z } from 'zod'

const server = new FastMCP({ name: 'fastmcp', version: '1.0.0' })
server.addTool({
  name: 'add',
  description: 'Adds two numbers',
  parameters: z.object({ a: z.number(), b: z.number() }),
  execute: async ({ a, b }) => `sum ${a + b}`,
})
const port = Number(process.argv[2])
await server.start({ transportType: 'httpStream', httpStream: { port, host: '127.0.0.1' } })
