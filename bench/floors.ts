import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { cpuOfTree, memoryOf } from './cpu.ts'
import { pidOf, startOnPort, stopChild, type Started, type Subject } from './subject.ts'

/** No middle at all: what the echo server and the load generator take by themselves. */
export function direct(echo: Started): Subject {
  return plain('direct', echo, echo.pid)
}

/** Bytes in, bytes out, on the platform Peta runs on: no HTTP, no JSON, no decision. */
export async function startRelay(echo: Started): Promise<Subject> {
  const script = join(import.meta.dirname, 'processes', 'relay.ts')
  const relay = await startOnPort([process.execPath, script], [String(echo.port)])
  return plain('net relay', relay, relay.pid)
}

/** The usual reverse proxy in C; undefined where it is not installed. */
export async function startNginx(echo: Started): Promise<Subject | undefined> {
  if (!isInstalled('nginx')) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'peta-nginx-'))
  const port = await freePort()
  writeFileSync(join(folder, 'nginx.conf'), nginxConfig(folder, port, echo.port))
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: 'ignore',
  })
  await untilListening(port)
  return plain('nginx', { pid: pidOf(child), port, stop: () => stopChild(child) }, pidOf(child))
}

function plain(name: string, { port, stop }: Started, pid: number): Subject {
  return {
    name,
    port,
    path: '/mcp',
    headers: {},
    toolName: (tool) => tool,
    cpu: () => cpuOfTree(pid),
    memory: () => memoryOf(pid),
    stop,
  }
}

const nginxConfig = (folder: string, port: number, upstream: number): string => `
daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder};
  fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  keepalive_requests 10000000;
  upstream echo { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://echo; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}`

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

/** Waits until something answers HTTP on the port, for a minute at most: a shared machine may be slow. */
export async function untilListening(port: number, path = '/'): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer) return
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}
