const APPROVALS = '/approvals'

/**
 * What a browser gets until the Console is there: plain text, no script, nothing that depends on the fragment of a
 * link, which never reaches us.
 */
export const pages: Readonly<Record<string, (publicUrl: string) => string>> = {
  '/': (publicUrl) => `Peta Core

MCP endpoint   ${publicUrl}/mcp
Admin API      ${publicUrl}/api/v1/openapi.json
Command line   npm run peta -- --help
`,

  '/setup': () => `This link makes the owner of a new Peta, once.

On the host, run

  npm run peta -- setup --email you@example.com --name "Your name"

and paste the whole link when it asks.
`,

  '/sign-in': () => `This link signs the owner in, once.

On the host, run

  npm run peta -- login

which makes and uses such a link by itself.
`,

  [APPROVALS]:
    () => `A call waits for a person to decide about it. Its code is in the address, behind the #.

Whoever may decide about it runs

  npm run peta -- approvals show APR-...
  npm run peta -- approvals approve APR-...

Opening this page decides nothing.
`,
}

/** Where someone finds out what a call waits for. What names it stays in the browser. */
export const approvalUrl = (publicUrl: string, code: string): string =>
  `${publicUrl}${APPROVALS}#${code}`
