import { when } from '../print.ts'

/** What a newcomer needs next: how to connect, what to try, how to decide, where to look. */
export function demoGuide(
  url: string,
  { token, expiresAt, agent, folder, notes }: GuideFacts,
): string {
  const headers = { Authorization: `Bearer ${token}` }
  const client = { mcpServers: { peta: { type: 'http', url: `${url}/mcp`, headers } } }
  return `
The demo workspace is ready, and you are signed in as its owner.
${notes.map((note) => `\n  ${note}\n`).join('')}
  Client configuration, for any client that speaks Streamable HTTP (the token works until ${when(expiresAt)}):

${JSON.stringify(client, undefined, 2)}

  Reads run:              files__read_text_file, notes__list_notes, notes__whoami
  Writes wait for you:    files__write_file, notes__add_note
      npm run peta -- approvals list
      npm run peta -- approvals approve APR-…
  Deletes are denied:     notes__delete_note
  What happened:          npm run peta -- audit list
  A new token:            npm run peta -- token issue ${agent}

  The agent's files:      ${folder}
  Ctrl-C stops everything; a second start goes on where this one ended.
`
}

type GuideFacts = Readonly<{
  token: string
  expiresAt: number
  agent: string
  folder: string
  notes: readonly string[]
}>
