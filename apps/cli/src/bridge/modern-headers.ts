import type { Message } from './message.ts'

/** The member of params that `Mcp-Name` repeats, by method. */
const namedBy: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

/** The headers that repeat what the body of a modern message says (MCP-21). */
export function modernHeaders({
  modernVersion,
  kind,
  method,
  params,
}: Message): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  if (modernVersion !== undefined) headers['MCP-Protocol-Version'] = headerValue(modernVersion)
  if (kind !== 'request' || method === undefined) return headers
  headers['Mcp-Method'] = headerValue(method)
  const named = Object.hasOwn(namedBy, method) ? namedBy[method] : undefined
  const name = named === undefined ? undefined : params[named]
  if (typeof name === 'string') headers['Mcp-Name'] = headerValue(name)
  return headers
}

const PLAIN = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/
const LOOKS_ENCODED = /^=\?base64\?.*\?=$/

/** A header says plain ASCII; anything else, and what would be taken for it, goes as Base64. */
export function headerValue(text: string): string {
  if (PLAIN.test(text) && !LOOKS_ENCODED.test(text)) return text
  return `=?base64?${Buffer.from(text).toString('base64')}?=`
}
