import { spawn } from 'node:child_process'
import { join } from 'node:path'

import { cpuOfProcess, memoryOf } from './cpu.ts'
import { freePort, untilListening } from './floors.ts'
import type { Command } from './programs.ts'
import {
  openSession,
  pidOf,
  startOnPort,
  stopChild,
  type Started,
  type Subject,
} from './subject.ts'

const ROOT = join(import.meta.dirname, '..')

/**
 * npm `mcp-proxy`: HTTP in front of a stdio server, without any governance. Its event store is off, and the CPU of the
 * server it starts is not counted: both in its favour.
 */
export async function startMcpProxy(echo: Command, tools: number): Promise<Subject> {
  const port = await freePort()
  const program = join(ROOT, 'node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs')
  const options = [
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--server',
    'stream',
    '--no-eventStore',
  ]
  const child = spawn(
    process.execPath,
    [program, ...options, '--', ...echo, 'stdio', String(tools)],
    {
      stdio: 'ignore',
    },
  )
  await untilListening(port, '/ping')
  return peer('mcp-proxy', { pid: pidOf(child), port, stop: () => stopChild(child) })
}

/** The usual design of an MCP gateway: the SDK's server in front, the SDK's client behind. */
export async function startSdkProxy(echo: Started): Promise<Subject> {
  const script = join(import.meta.dirname, 'processes', 'sdk-proxy.ts')
  return peer(
    'SDK in the middle',
    await startOnPort([process.execPath, script], [String(echo.port)]),
  )
}

async function peer(name: string, { pid, port, stop }: Started): Promise<Subject> {
  return {
    name,
    port,
    path: '/mcp',
    headers: await openSession(`http://127.0.0.1:${port}/mcp`),
    toolName: (tool) => tool,
    cpu: () => cpuOfProcess(pid),
    memory: () => memoryOf(pid),
    stop,
  }
}
