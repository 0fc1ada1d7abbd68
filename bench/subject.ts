import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

import type { Command } from './programs.ts'
import type { CpuTime } from './cpu.ts'

/** Something that stands between the load generator and the echo server, ready to be called. */
export type Subject = Readonly<{
  name: string
  port: number
  path: string
  headers: Readonly<Record<string, string>>
  /** The name under which a tool of the echo server is offered. */
  toolName: (name: string) => string
  cpu: () => CpuTime
  memory: () => number
  /** How many calls its audit log holds; for subjects that keep one. */
  recordedCalls?: () => Promise<number>
  stop: () => Promise<void>
}>

/** Starts a program that prints its port as its first line. */
export async function startOnPort(
  [file, ...args]: Command,
  extra: readonly string[],
): Promise<Started> {
  const child = spawn(file, [...args, ...extra], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const first = await Promise.race([once(lines, 'line'), once(child, 'exit')])
  const port = Number(first[0])
  if (!Number.isInteger(port) || port < 1)
    throw new Error(`${file} ${extra.join(' ')} did not start`)
  return { pid: pidOf(child), port, stop: () => stopChild(child) }
}

export type Started = Readonly<{ pid: number; port: number; stop: () => Promise<void> }>

export function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the process did not start')
  return child.pid
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 5000)
  await gone
  clearTimeout(force)
}

const ACCEPT = 'application/json, text/event-stream'

/** Opens an MCP session the way a client of the 2025 revisions does; gives the headers that later calls carry. */
export async function openSession(url: string, headers: Readonly<Record<string, string>> = {}) {
  const post = (body: object, extra: Record<string, string> = {}): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: ACCEPT, ...headers, ...extra },
      body: JSON.stringify({ jsonrpc: '2.0', ...body }),
    })
  const clientInfo = { name: 'bench', version: '1.0.0' }
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  const answer = await post({ id: 1, method: 'initialize', params })
  const text = await answer.text()
  if (!answer.ok)
    throw new Error(`${url} refused a session: ${answer.status} ${text.slice(0, 200)}`)
  const session = answer.headers.get('mcp-session-id')
  const kept = {
    ...headers,
    'mcp-protocol-version': '2025-11-25',
    ...(session && { 'mcp-session-id': session }),
  }
  await (await post({ method: 'notifications/initialized' }, kept)).arrayBuffer()
  return kept
}

/** One HTTP request as bytes, with a place for the id. */
export function requestText(
  subject: Pick<Subject, 'port' | 'path' | 'headers'>,
  method: string,
  params: object,
): string {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method, params }).replace(
    '"id":0',
    '"id":@@@@@@@@@@',
  )
  const head = {
    host: `127.0.0.1:${subject.port}`,
    'content-type': 'application/json',
    accept: ACCEPT,
    ...subject.headers,
    'content-length': String(Buffer.byteLength(body)),
  }
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}`)
  return [`POST ${subject.path} HTTP/1.1`, ...lines, '', body].join('\r\n')
}
