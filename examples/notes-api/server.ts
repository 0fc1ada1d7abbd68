/**
 * A small MCP server over HTTP that demands a key, as a company's internal API would: the destination that the demo
 * and the tests put a secret in front of. `whoami` is deliberately careless and sends the key back, so that
 * scrubbing can be seen at work.
 *
 * Run: NOTES_API_KEY=… node examples/notes-api/server.ts [port]
 */
import { timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

import { getRequestListener } from '@hono/node-server'
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server'
import { z } from 'zod'

const DEFAULT_PORT = 7383

const key = process.env['NOTES_API_KEY'] ?? ''
if (key.length < 16) {
  process.stderr.write('Set NOTES_API_KEY to at least 16 characters.\n')
  process.exit(2)
}

const notes = new Map([['welcome', 'Peta injected the key that opened this note.']])
const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })

function createNotes(): McpServer {
  const server = new McpServer({ name: 'notes-api', version: '1.0.0' })
  server.registerTool('list_notes', { description: 'Names of all notes' }, async () =>
    text([...notes.keys()].toSorted().join('\n')),
  )
  server.registerTool(
    'read_note',
    { description: 'Text of one note', inputSchema: z.object({ name: z.string() }) },
    async ({ name }) => text(notes.get(name) ?? `There is no note "${name}".`),
  )
  server.registerTool(
    'add_note',
    {
      description: 'Write a note',
      inputSchema: z.object({ name: z.string().max(64), body: z.string().max(10_000) }),
    },
    async ({ name, body }) => {
      notes.set(name, body)
      return text(`Wrote "${name}".`)
    },
  )
  server.registerTool(
    'delete_note',
    { description: 'Delete a note for good', inputSchema: z.object({ name: z.string() }) },
    async ({ name }) => text(notes.delete(name) ? `Deleted "${name}".` : 'Nothing to delete.'),
  )
  server.registerTool('whoami', { description: 'Which key this API saw, carelessly' }, async () =>
    text(
      [
        `raw ${key}`,
        `base64 ${Buffer.from(`key=${key}`).toString('base64')}`,
        `percent ${[...Buffer.from(key)].map((byte) => `%${byte.toString(16)}`).join('')}`,
      ].join('\n'),
    ),
  )
  return server
}

const mcp = createMcpHandler(createNotes)
const listener = getRequestListener((request) => {
  const given = Buffer.from(request.headers.get('x-api-key') ?? '')
  const wanted = Buffer.from(key)
  const isOpen = given.length === wanted.length && timingSafeEqual(given, wanted)
  return isOpen ? mcp.fetch(request) : new Response('a valid X-Api-Key is needed', { status: 401 })
})

const server = createServer((request, response) => void listener(request, response))
server.listen(Number(process.argv[2] ?? DEFAULT_PORT), '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  process.stdout.write(`notes-api http://127.0.0.1:${port}/mcp\n`)
})
server.on('error', (error: NodeJS.ErrnoException) => {
  process.stderr.write(`The notes API cannot listen: ${error.code}\n`)
  process.exit(1)
})
const end = (): void => server.close(() => process.exit(0)).closeAllConnections()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
// Whoever started it may end without a word; the pipe between them says so.
if (process.env['NOTES_API_ENDS_WITH_STDIN'] === '1') process.stdin.resume().once('end', end)
