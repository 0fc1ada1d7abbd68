import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** What a database server says of itself, under the names that Core asks for. */
export type ServerSettings = Readonly<
  Record<'version' | 'encoding' | 'fsync' | 'pages' | 'commit', string>
>

export const soundSettings: ServerSettings = {
  version: '170002',
  encoding: 'UTF8',
  fsync: 'on',
  pages: 'on',
  commit: 'on',
}

/**
 * Speaks just enough of PostgreSQL's protocol to let a client in and answer each query with its settings: servers that
 * nobody should have to install.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export async function startFakePostgres(
  settings: ServerSettings,
): Promise<AsyncDisposable & { url: string }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    let isIn = false
    socket.on('data', (bytes) => {
      if (!isIn) socket.write(Buffer.concat([message('R', int32(0)), readyForQuery]))
      else if (bytes.toString('latin1', 0, 1) === 'Q') socket.write(answer(settings))
      else socket.end()
      isIn = true
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `postgres://peta@127.0.0.1:${port}/peta`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const TEXT_TYPE = 25

function answer(settings: ServerSettings): Buffer {
  const columns = Object.keys(settings).map((name) =>
    Buffer.concat([
      zeroEnded(name),
      int32(0),
      int16(0),
      int32(TEXT_TYPE),
      int16(-1),
      int32(-1),
      int16(0),
    ]),
  )
  const values = Object.values(settings).map((value) =>
    Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
  )
  return Buffer.concat([
    message('T', int16(columns.length), ...columns),
    message('D', int16(values.length), ...values),
    message('C', zeroEnded('SELECT 1')),
    readyForQuery,
  ])
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

const readyForQuery = message('Z', Buffer.from('I'))

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const zeroEnded = (text: string): Buffer => Buffer.from(`${text}\0`)
