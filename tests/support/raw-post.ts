import { type IncomingMessage, request as startRequest } from 'node:http'

export type RawReply = Readonly<{
  status: number
  headers: IncomingMessage['headers']
  text: string
  /** Of a JSON body. */
  json: () => unknown
}>

export type RawRequest = Readonly<{
  method?: string
  /** Several values of one header leave as they are, line by line. */
  headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  body?: string | Buffer
}>

/** One HTTP request as it is given: no header is added, corrected or joined. Undefined takes a header out. */
export async function rawRequest(url: string, given: RawRequest): Promise<RawReply> {
  const { method = 'POST', headers = {}, body } = given
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((one) => [name, one]),
  )
  const named = new Set(lines.filter((_, index) => index % 2 === 0).map((n) => n.toLowerCase()))
  if (!named.has('host')) lines.push('Host', new URL(url).host)
  const isFramed = named.has('content-length') || named.has('transfer-encoding')
  if (body !== undefined && !isFramed) {
    lines.push('Content-Length', String(Buffer.byteLength(body)))
  }
  const request = startRequest(url, { method, headers: lines, agent: false })
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.on('response', resolve)
  // Whoever refuses a body may hang up on the rest of it; an answer that has come counts.
  request.on('error', reject)
  request.end(body)
  const response = await promise
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(Buffer.from(chunk))
  const text = Buffer.concat(chunks).toString('utf8')
  const { statusCode: status = 0 } = response
  return { status, headers: response.headers, text, json: () => JSON.parse(text) as unknown }
}
