/**
 * The echo server of the benchmark for machines without a C compiler; same arguments and answers as native/echo.c.
 * NOTE: it costs more than the C program does, so ratios of a run with it are not comparable with others.
 */
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'

const FILLER = 'abcdefghijklmnopqrstuvwxyz 0123456789'.repeat(1100)
const SIZES = [280, 3500, 35_000]
const [kind, count] = process.argv.slice(2)
const counts = { calls: 0, keyed: 0 }

const list = JSON.stringify({
  tools: Array.from({ length: Number(count) }, (_, i) => ({
    name: SIZES[i] ? `echo_${SIZES[i]}` : `tool_${String(i).padStart(4, '0')}`,
    description: `Answers with text of a known length; number ${i} of the benchmark's catalogue, described in a sentence.`,
    inputSchema: {
      type: 'object',
      properties: { message: { type: 'string', description: 'Any text' } },
    },
    annotations: { readOnlyHint: true },
  })),
})

function answer(body: string): string | undefined {
  const { id, method, params } = JSON.parse(body)
  if (id === undefined) return undefined
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)}`
  if (method === 'tools/call') {
    counts.calls++
    const text = FILLER.slice(0, Number(params.name.split('_')[1] ?? 280) - head.length - 60)
    return `${head},"result":{"content":[{"type":"text","text":"${text}"}]}}`
  }
  if (method === 'tools/list') return `${head},"result":${list}}`
  if (method === 'ping') return `${head},"result":{}}`
  if (method !== 'initialize')
    return `${head},"error":{"code":-32601,"message":"Method not found"}}`
  const serverInfo = { name: 'echo', version: '1.0.0' }
  const result = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo }
  return `${head},"result":${JSON.stringify(result)}}`
}

/** The answer to a call that wants progress: three events of it, then the one that holds the reply. */
function inEvents(reply: string, progressToken: unknown): string {
  const progress = [1, 2, 3].map((done) => {
    const params = { progressToken, progress: done, total: 4 }
    return JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })
  })
  return [...progress, reply].map((event) => `data: ${event}\n\n`).join('')
}

function serveHttp(): void {
  const server = createServer((request, response) => {
    if (request.url === '/count') return void response.end(JSON.stringify(counts))
    if (request.method !== 'POST') return void response.writeHead(405).end()
    if (request.headers['x-bench-key'] === 'bench-secret-value-0001') counts.keyed++
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      const text = answer(body)
      const token = JSON.parse(body).params?._meta?.progressToken
      const whole = text && token !== undefined ? inEvents(text, token) : text
      response.writeHead(text ? 200 : 202, {
        'content-type': whole === text ? 'application/json' : 'text/event-stream',
        'content-length': Buffer.byteLength(whole ?? ''),
      })
      response.end(whole)
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`)
  })
}

if (kind === 'http') serveHttp()
else {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const text = answer(line)
    if (text) process.stdout.write(`${text}\n`)
  })
}
