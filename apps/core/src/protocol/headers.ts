/** Request headers by lower-case name, as the HTTP server read them; repeated ones are joined by a comma. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** One header, without outer white space. A header that came as a list is none that anything here expects. */
export function header(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value.trim() : undefined
}

/** Whether `Accept` names a type. Weights are ignored: zero would be odd. */
export function accepts(headers: Headers, type: string): boolean {
  const accept = header(headers, 'accept')
  if (accept === undefined) return false
  const types = typesIn(accept)
  return types.has(type) || types.has('*/*')
}

/** Clients of one kind send the same at every request: taking it apart each time costs as much as a scan of its body. */
const known = new Map<string, ReadonlySet<string>>()
const KNOWN_MAX = 100

function typesIn(accept: string): ReadonlySet<string> {
  const found = known.get(accept)
  if (found) return found
  const ranges = accept.split(',').map((range) => range.split(';', 1)[0] ?? '')
  const types = new Set(ranges.map((range) => range.trim().toLowerCase()))
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(accept, types)
  return types
}
