/** The load generator for machines without a C compiler; same arguments and result as native/load.c. */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'

const [port = 0, connections = 1, calls = 0, rate = 0] = process.argv.slice(2, 6).map(Number)
const template = readFileSync(process.argv[6] ?? '', 'latin1')
const latencies: number[] = []
const started = now()
let sent = 0
let failures = 0
let bytesIn = 0

await Promise.all(Array.from({ length: connections }, work))
latencies.sort((a, b) => a - b)
const at = (share: number): number =>
  Math.round(latencies[Math.floor(latencies.length * share)] ?? 0)
const result = { calls: latencies.length, failures, wallUs: Math.round(now() - started), bytesIn }
process.stdout.write(`${JSON.stringify({ ...result, p50Us: at(0.5), p99Us: at(0.99) })}\n`)

async function work(): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  while (sent < calls) {
    const id = 1_000_000_000 + sent
    const due = rate > 0 ? started + (sent * 1e6) / rate : now()
    sent++
    if (due > now()) await new Promise((done) => setTimeout(done, (due - now()) / 1000))
    const text = await exchange(socket, template.replace('@@@@@@@@@@', String(id)))
    latencies.push(now() - due)
    bytesIn += text.length
    const isRight =
      text.startsWith('HTTP/1.1 200') && text.includes(`"id":${id}`) && text.includes('"result"')
    if (!isRight && failures++ === 0)
      process.stderr.write(`wrong answer to ${id}: ${text.slice(0, 300)}\n`)
  }
  socket.destroy()
}

function exchange(socket: Socket, request: string): Promise<string> {
  return new Promise((done, fail) => {
    let text = ''
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (!isWhole(text)) return
      socket.removeListener('data', read).removeListener('close', fail)
      done(text)
    }
    socket.on('data', read).once('close', fail)
    socket.write(request, 'latin1')
  })
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const length = /\r\ncontent-length:\s*(\d+)/i.exec(text.slice(0, end))?.[1]
  return length ? text.length - end - 4 >= Number(length) : text.endsWith('\r\n0\r\n\r\n')
}

function now(): number {
  return performance.now() * 1000
}
