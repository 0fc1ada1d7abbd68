/**
 * A test-only stand-in for a profile that lists one server without prefix: it lets suites that know a server's own names
 * run against a gateway that lists `<alias>__name` and `peta.<alias>+scheme:rest`. Outward it adds the prefixes to the
 * members that name an item, and to the `Mcp-Name` header; back it takes the two prefixes out wherever they stand,
 * free text included. So it proves nothing about names, and nothing else is changed.
 */
export type Renaming = Readonly<{
  body: (bytes: Buffer) => Buffer
  /** The value of an `Mcp-Name` header, as it must read beside the renamed body. */
  header: (value: string, body: Buffer) => string
  /** Takes the prefixes out of a reply as it streams; a prefix may be cut by the chunks. */
  reply: () => ReplyRenaming
}>

export type ReplyRenaming = Readonly<{ push: (chunk: Buffer) => Buffer; end: () => Buffer }>

const BY_NAME = new Set(['tools/call', 'prompts/get'])
const BASE64 = /^=\?base64\?(.*)\?=$/

type Named = { name?: unknown; uri?: unknown; ref?: Named }

export function createRenaming(alias: string): Renaming {
  const prefixes = [`${alias}__`, `peta.${alias}+`] as const
  const [namePrefix, uriPrefix] = prefixes

  function rename(item: Named): Named {
    return {
      ...item,
      ...(typeof item.name === 'string' && { name: namePrefix + item.name }),
      ...(typeof item.uri === 'string' && { uri: uriPrefix + item.uri }),
      ...(isObject(item.ref) && { ref: rename(item.ref) }),
    }
  }

  return {
    body(bytes) {
      const message = parse(bytes)
      if (!isObject(message?.params) || !namesItem(message.method)) return bytes
      return Buffer.from(JSON.stringify({ ...message, params: rename(message.params) }))
    },
    header(value, body) {
      const method = parse(body)?.method
      if (!namesItem(method)) return value
      const prefix = BY_NAME.has(method) ? namePrefix : uriPrefix
      const [, encoded] = BASE64.exec(value) ?? []
      if (encoded === undefined) return prefix + value
      const renamed = Buffer.concat([Buffer.from(prefix), Buffer.from(encoded, 'base64')])
      return `=?base64?${renamed.toString('base64')}?=`
    },
    reply: () => createReplyRenaming(prefixes),
  }
}

/** Holds back a tail only while it can still become a prefix, so no event waits for the next. */
function createReplyRenaming(prefixes: readonly string[]): ReplyRenaming {
  let held = ''
  return {
    push(chunk) {
      const text = prefixes.reduce(
        (rest, prefix) => rest.replaceAll(prefix, ''),
        held + chunk.toString('latin1'),
      )
      const keep = Math.max(...prefixes.map((prefix) => openTail(text, prefix)))
      held = text.slice(text.length - keep)
      return Buffer.from(text.slice(0, text.length - keep), 'latin1')
    },
    end: () => Buffer.from(held, 'latin1'),
  }
}

/** How many of the last characters are the beginning of the prefix. */
function openTail(text: string, prefix: string): number {
  for (let length = Math.min(prefix.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(prefix.slice(0, length))) return length
  }
  return 0
}

function namesItem(method: unknown): method is string {
  return (
    typeof method === 'string' &&
    /^(tools\/call|prompts\/get|resources\/|completion\/)/.test(method)
  )
}

function parse(bytes: Buffer): { method?: unknown; params?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
