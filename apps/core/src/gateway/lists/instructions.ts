import type { ServerText } from '../../model/catalogue.ts'
import { compareCodePoints } from '../../protocol/names.ts'

const BYTES_MAX = 4096

/**
 * What clients tell their models about an endpoint (MCP-28): an administrator's words, then those of the servers in it
 * that were accepted in review, each under the title of its server. What does not fit any more is left out whole, so
 * that no text ends where another meaning begins.
 */
export function instructionsFor(
  own: string | undefined,
  texts: readonly ServerText[],
): string | undefined {
  const sections = texts
    .toSorted((a, b) => compareCodePoints(a.server.slug, b.server.slug))
    .map(({ title, text }) => `# ${title}\n\n${text}`)
  let shown = own ?? ''
  for (const section of sections) {
    const longer = shown === '' ? section : `${shown}\n\n${section}`
    if (Buffer.byteLength(longer) <= BYTES_MAX) shown = longer
  }
  return shown === '' ? undefined : shown
}
