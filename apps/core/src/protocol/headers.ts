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
  return accept.split(',').some((range) => {
    const name = (range.split(';', 1)[0] ?? '').trim().toLowerCase()
    return name === type || name === '*/*'
  })
}
