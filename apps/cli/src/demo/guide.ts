import { fileURLToPath } from 'node:url'

import { when } from '../print.ts'

export type GuideFacts = Readonly<{
  /** Where agents go. */
  url: string
  token: string
  expiresAt: number
  agent: string
  /** Where the demo's file server may read and write. */
  folder: string
  /** Whether an earlier start has made the workspace. */
  isKnown: boolean
  notes: readonly string[]
}>

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

/** What a newcomer needs next: how to connect, what to try, how to decide, where to look. */
export function demoGuide(facts: GuideFacts): string {
  const { url, token, expiresAt, agent, folder, isKnown, notes } = facts
  const headers = { Authorization: `Bearer ${token}` }
  const client = { mcpServers: { peta: { type: 'http', url: `${url}/mcp`, headers } } }
  return `
${isKnown ? 'The demo workspace goes on where it ended' : 'The demo workspace is ready'}, and you are signed in as its owner.
${notes.map((note) => `\n  ${note}\n`).join('')}
  1. Give this to an MCP client, as its mcp.json or the like. The token works until ${when(expiresAt)}.

${JSON.stringify(client, undefined, 2)}

  2. Let the agent try something: "List my notes, then add one."

     Reads run             files__read_text_file, notes__list_notes, notes__whoami
     Writes wait for you   files__write_file, notes__add_note
     Deletes are denied    notes__delete_note, which no agent gets to see
     The agent's files     ${folder}

  3. Decide, in another terminal, in ${ROOT}

     npm run peta -- approvals list               what waits, by its code
     npm run peta -- approvals approve <code>     lets exactly that run
     npm run peta -- audit list                   what happened
     npm run peta -- token issue ${agent}       another token, when this one has ended

  Read on: docs/guides/connect-a-client.md, docs/ARCHITECTURE.md, npm run peta -- --help
  Ctrl-C stops everything; the next start goes on where this one ended.
`
}
