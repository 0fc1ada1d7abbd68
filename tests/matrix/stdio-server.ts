/** A server of one revision over its pipes. Run: node tests/matrix/stdio-server.ts <revision> */
import { createInterface } from 'node:readline'

import { REVISIONS } from '../support/wire-client.ts'
import { createSpeaker, Message } from './speaker.ts'

const revision = REVISIONS.find((one) => one === process.argv[2]) ?? '2025-11-25'
const speaker = createSpeaker({ revision, restart: () => process.exit(0) })
const open = new AbortController().signal

createInterface({ input: process.stdin }).on('line', (line) => {
  const send = (message: object): void =>
    void process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  void speaker.take(Message.parse(JSON.parse(line)), send, open)
})
