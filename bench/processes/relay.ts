/** A floor: copies bytes between two sockets, on one thread. Argument: the port behind. Prints its own. */
import { connect, createServer } from 'node:net'

const behind = Number(process.argv[2])

const server = createServer({ noDelay: true }, (front) => {
  const back = connect({ port: behind, host: '127.0.0.1', noDelay: true })
  front.pipe(back).pipe(front)
  front.on('error', () => back.destroy())
  back.on('error', () => front.destroy())
})

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`)
})
