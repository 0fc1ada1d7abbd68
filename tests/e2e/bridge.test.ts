import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { Client as ModernClient } from '@modelcontextprotocol/client'
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { bridgeCommand } from '../support/bridge.ts'
import { type BridgedCore, startBridgedCore } from '../support/bridged-core.ts'

const INFO = { name: 'peta-test', version: '1.0.0' }
const LONG = 'everything__trigger-long-running-operation'
const MIB = 1024 * 1024

let bridged: BridgedCore

beforeAll(async () => {
  bridged = await startBridgedCore()
})

afterAll(() => bridged?.[Symbol.asyncDispose]())

/** Both official clients over the bridge, read alike. */
async function connect(generation: 'sdk v1' | 'client v2') {
  const launch = { ...bridgeCommand(), env: bridged.env, stderr: 'ignore' as const }
  if (generation === 'sdk v1') {
    const client = new LegacyClient(INFO)
    await client.connect(new LegacyTransport(launch))
    return {
      era: () => 'legacy' as string | undefined,
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: (name: string, args: object, options = {}) =>
        client.callTool({ name, arguments: { ...args } }, undefined, options),
      [Symbol.asyncDispose]: () => client.close(),
    }
  }
  const client = new ModernClient(INFO, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new ModernTransport(launch))
  return {
    era: () => client.getProtocolEra(),
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name: string, args: object, options = {}) =>
      client.callTool({ name, arguments: { ...args } }, options),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

describe.each(['sdk v1', 'client v2'] as const)('the bridge serves %s', (generation) => {
  let client: Awaited<ReturnType<typeof connect>>

  beforeAll(async () => {
    client = await connect(generation)
  })
  afterAll(() => client?.[Symbol.asyncDispose]())

  it('in its own era, with lists and calls (MCP-40)', async () => {
    expect(client.era()).toBe(generation === 'sdk v1' ? 'legacy' : 'modern')
    expect(await client.tools()).toEqual(expect.arrayContaining(['everything__echo']))
    expect(await client.call('everything__echo', { message: 'hello' })).toMatchObject({
      content: [{ type: 'text', text: 'Echo: hello' }],
    })
  })

  it('with progress before the result, in order', async () => {
    const seen: number[] = []
    const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress)
    await client.call(LONG, { duration: 0.2, steps: 4 }, { onprogress })
    expect(seen).toEqual([1, 2, 3, 4])
  })

  it('with results of several megabytes', async () => {
    const result = await client.call('files__read_text_file', {
      path: join(bridged.files, 'large.txt'),
    })
    expect(JSON.stringify(result).length).toBeGreaterThan(3 * MIB)
  })

  it('and cancels what the client cancels', async () => {
    const before = await cancelledCalls()
    const controller = new AbortController()
    const onprogress = (): void => controller.abort()
    const options = { signal: controller.signal, onprogress }
    await expect(client.call(LONG, { duration: 60, steps: 600 }, options)).rejects.toThrow(/abort/i)
    await expect.poll(cancelledCalls, { timeout: 20_000 }).toBe(before + 1)
    expect(await client.tools()).toContain('everything__echo')
  })

  it('and holds a call until a person approves it', async () => {
    const path = join(bridged.files, `${generation.replaceAll(' ', '-')}.txt`)
    const answer = client.call('files__write_file', { path, content: generation })
    const approval = await waitingApproval()
    expect((await bridged.core.cli(['login'])).code).toBe(0)
    expect((await bridged.core.cli(['approvals', 'approve', approval])).code).toBe(0)
    expect((await answer).isError ?? false).toBe(false)
    expect(await readFile(path, 'utf8')).toBe(generation)
  })
})

/** Calls that ended without anybody waiting for the answer. */
async function cancelledCalls(): Promise<number> {
  const params = { workspace: bridged.owner.workspace }
  const { items } = await bridged.owner.peta.call('audit.list', { params, query: { limit: 200 } })
  return items.filter((event) => JSON.stringify(event).includes('"unknown"')).length
}

async function waitingApproval(): Promise<string> {
  const params = { workspace: bridged.owner.workspace }
  for (;;) {
    const { items } = await bridged.owner.peta.call('approvals.list', {
      params,
      query: { state: 'PENDING' },
    })
    const [first] = items
    if (first) return first.code
  }
}
