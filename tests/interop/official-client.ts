/**
 * One journey with an official MCP client, told as JSON: `official-client.ts <v1|v2> <url> <token>`. It is a process
 * of its own because the clients' dependencies also have an export condition named `source`, which in this
 * repository's test processes means ours.
 */
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const INFO = { name: 'interop', version: '1' }
const [generation, address = '', token = ''] = process.argv.slice(2)
const url = new URL(address)
const requestInit = { headers: { authorization: `Bearer ${token}` } }

const seen: number[] = []
const onprogress = ({ progress }: { progress: number }): void => void seen.push(progress)
const call = { name: 'files__echo', arguments: { text: 'hello' } }
const prompt = { name: 'files__greet', arguments: { who: 'me' } }
const uri = 'peta.files+note:///one'
const completion = {
  ref: { type: 'ref/prompt' as const, name: 'files__greet' },
  argument: { name: 'who', value: 'a' },
}

async function legacy(): Promise<object> {
  const client = new LegacyClient(INFO)
  const transport = new LegacyTransport(url, { requestInit })
  await client.connect(transport)
  await client.ping()
  const journey = {
    server: client.getServerVersion(),
    tools: await client.listTools(),
    called: await client.callTool(call, undefined, { onprogress }),
    resources: await client.listResources(),
    templates: await client.listResourceTemplates(),
    read: await client.readResource({ uri }),
    prompts: await client.listPrompts(),
    prompt: await client.getPrompt(prompt),
    completed: await client.complete(completion),
    refused: await client.callTool({ ...call, name: 'files__secret' }).catch(String),
  }
  await transport.terminateSession()
  await client.close()
  return journey
}

async function modern(): Promise<object> {
  const client = new ModernClient(INFO, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new ModernTransport(url, { requestInit }))
  const journey = {
    server: client.getServerVersion(),
    era: client.getProtocolEra(),
    tools: await client.listTools(),
    called: await client.callTool(call, { onprogress }),
    resources: await client.listResources(),
    templates: await client.listResourceTemplates(),
    read: await client.readResource({ uri }),
    prompts: await client.listPrompts(),
    prompt: await client.getPrompt(prompt),
    completed: await client.complete(completion),
    refused: await client.callTool({ ...call, name: 'files__secret' }).catch(String),
  }
  await client.close()
  return journey
}

const journey = await (generation === 'v1' ? legacy() : modern())
process.stdout.write(JSON.stringify({ ...journey, progress: seen }))
