import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, it } from 'vitest'

import { type Script, serverResult } from '../../apps/core/src/gateway/testing.ts'
import { openTestListener, TEST_TOKEN } from '../../apps/core/src/http/testing.ts'

const run = promisify(execFile)
const CLIENT = join(import.meta.dirname, 'official-client.ts')

/** A server that reports progress with the client's own token, and knows one note. */
const server: Script = async ({ frame, method, name, args }, outlet) => {
  const token =
    frame.spans.progressToken && frame.bytes.toString('utf8', ...frame.spans.progressToken)
  for (const progress of token === undefined ? [] : [1, 2]) {
    outlet.notify(
      Buffer.from(
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":${progress}}}`,
      ),
    )
  }
  if (method === 'resources/read') return serverResult({ contents: [{ uri: name, text: 'note' }] })
  if (method === 'prompts/get') {
    return serverResult({ messages: [{ role: 'user', content: { type: 'text', text: 'hi' } }] })
  }
  if (method === 'completion/complete') return serverResult({ completion: { values: ['ann'] } })
  return serverResult({ content: [{ type: 'text', text: JSON.stringify(args) }] })
}

it.each(['v1', 'v2'])(
  'serves the whole journey of the official client %s (MCP-1)',
  async (generation) => {
    await using listener = await openTestListener(server)
    const { stdout } = await run(process.execPath, [CLIENT, generation, listener.url, TEST_TOKEN])
    const journey = JSON.parse(stdout)
    expect(journey).toMatchObject({
      tools: { tools: [{ name: 'files__echo' }] },
      called: { content: [{ type: 'text', text: '{"text":"hello"}' }] },
      resources: { resources: [{ uri: 'peta.files+note:///one' }] },
      templates: { resourceTemplates: [{ uriTemplate: 'peta.files+note:///{name}' }] },
      read: { contents: [{ uri: 'peta.files+note:///one', text: 'note' }] },
      prompts: { prompts: [{ name: 'files__greet' }] },
      prompt: { messages: [{ role: 'user', content: { type: 'text', text: 'hi' } }] },
      completed: { completion: { values: ['ann'] } },
      refused: expect.stringContaining('There is nothing of that name'),
      progress: [1, 2],
    })
    expect(journey.era).toBe(generation === 'v1' ? undefined : 'modern')
  },
)
